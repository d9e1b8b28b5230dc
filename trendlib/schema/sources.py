"""Tables of trending charts, of the licensed-music catalogue and of public artist catalogues."""

from trendlib.schema.columns import Column, table

CHART_PULLS = table(
    "chart_pulls", "log", "answer_id", "what each fetched page of a trending chart is part of",
    Column("region", "text", "ISO 3166-1 alpha-2", "chart region asked for; NULL for the provider's default", "params"),
    Column("period_days", "int", "days", "chart period asked for", "params"),
    Column("search_keyword", "text", "text", "search asked for; NULL for none", "params"),
    Column("new_to_top_100", "bool", "yes/no", "only sounds new to the top 100 were asked for", "params"),
    Column("commercial_music", "bool", "yes/no", "only commercial music was asked for", "params"),
    Column("page", "int", "pages", "which page, from 1", "params"),
    Column("size", "int", "sounds", "page size that the provider used", "pagination.size"),
    Column("total", "int", "sounds", "sounds on the whole chart", "pagination.total"),
    Column("has_more", "bool", "yes/no", "the provider says the chart goes on", "pagination.has_more"),
    Column("items", "int", "sounds", "sounds on the page", "sound_list"),
)  # fmt: skip
CHART_ENTRIES = table(
    "chart_entries", "log", "sound_id", "sounds on a trending chart, a row a sound and pull",
    Column("sound_id", "text", "id", "TikTok's music id", "clip_id"),
    Column("song_id", "text", "id", "the provider's id of the track; several sounds share one", "song_id"),
    Column("title", "text", "text", "title", "title"),
    Column("artist", "text", "text", "who the sound is credited to", "author"),
    Column("region", "text", "ISO 3166-1 alpha-2", "chart region, which is no poster's region", "country_code, params"),
    Column("period_days", "int", "days", "chart period", "params"),
    Column("rank", "int", "rank", "place on the chart; NULL when not given", "rank"),
    Column("rank_diff", "int", "ranks", "how many places it moved, without direction", "rank_diff"),
    Column("rank_move", "text", "up, same, down, new", "which way it moved", "rank_diff_type"),
    Column("is_commercial", "bool", "yes/no", "in TikTok's Commercial Music Library", "if_cml"),
    Column("is_promoted", "bool", "yes/no", "promoted", "promoted"),
    Column("duration_s", "int", "s", "length", "duration"),
    Column("link", "text", "address", "page of the sound; shown, never fetched", "link"),
    Column("cover_url", "text", "address", "cover; shown, never fetched", "cover"),
    Column("times_on_list", "int", "times", "how often it was on the list", "on_list_times"),
    Column("trend", "text", "JSON", "daily curve, 1 at its own highest day: [[day, value], ...]", "trend"),
)  # fmt: skip
CHART_DETAILS = table(
    "chart_details", "log", "sound_id", "what a trending sound's own page says",
    Column("sound_id", "text", "id", "TikTok's music id", "clip_id, params"),
    Column("song_id", "text", "id", "the provider's id of the track", "song_id"),
    Column("title", "text", "text", "title", "title"),
    Column("artist", "text", "text", "who the sound is credited to", "author"),
    Column("region", "text", "ISO 3166-1 alpha-2", "chart region, which is no poster's region", "country_code, params"),
    Column("period_days", "int", "days", "period asked for", "params"),
    Column("popular_days", "int", "days", "days popular", "longevity.popular_days"),
    Column("current_popularity", "float", "index", "popularity now, 1 at its highest", "longevity.current_popularity"),
    Column("is_commercial", "bool", "yes/no", "in TikTok's Commercial Music Library", "if_cml"),
    Column("music_url", "text", "address", "audio; shown, never fetched", "music_url"),
    Column("trend", "text", "JSON", "daily curve, 1 at its own highest day: [[day, value], ...]", "trend"),
)  # fmt: skip
CHART_AUDIENCES = table(
    "chart_audiences", "log", "sound_id", "who hears a trending sound, as an index without a documented unit",
    Column("sound_id", "text", "id", "TikTok's music id", "clip_id, params"),
    Column("region", "text", "ISO 3166-1 alpha-2", "chart region, which is no poster's region", "country_code, params"),
    Column("period_days", "int", "days", "period asked for", "params"),
    Column("kind", "text", "country, interest, age", "what the audience is divided by", "audience_*"),
    Column("code", "text", "text", "the provider's label of the part", "*_info.label, id"),
    Column("name", "text", "text", "the part in words", "*_info.value"),
    Column("score", "float", "index", "the part's index, never a share", "score"),
)  # fmt: skip
CATALOG_PULLS = table(
    "catalog_pulls", "log", "answer_id", "snapshots of the licensed-music catalogue",
    Column("total", "int", "tracks", "tracks that the catalogue says it has", "total"),
    Column("items", "int", "tracks", "tracks in the answer", "tracks"),
)  # fmt: skip
CATALOG_TRACKS = table(
    "catalog_tracks", "log", "track_id", "tracks of the licensed-music catalogue, a row a track and snapshot",
    Column("track_id", "text", "id", "the catalogue's id (UUID); no TikTok id", "id"),
    Column("title", "text", "text", "title", "title"),
    Column("artist", "text", "text", "who the track is credited to", "author"),
    Column("album", "text", "text", "album; NULL when empty", "album"),
    Column("duration_s", "int", "s", "length", "duration"),
    Column("preview_url", "text", "address", "audio preview; shown, never fetched", "previewUrl"),
    Column("cover_url", "text", "address", "cover; shown, never fetched", "coverUrl"),
    Column("language", "text", "ISO 639-1", "language", "language"),
    Column("uses", "int", "posts", "the catalogue's own measure of popularity", "userCount"),
    Column("is_commerce_music", "bool", "yes/no", "marked as commerce music", "isCommerceMusic"),
)  # fmt: skip
ARTISTS = table(
    "artists", "log", "artist_id", "artists that a public catalogue found under a name",
    Column("asked", "text", "text", "the name that was asked for", "params"),
    Column("artist_id", "text", "id", "MusicBrainz's id (UUID)", "artists.id"),
    Column("name", "text", "text", "name", "artists.name"),
    Column("sort_name", "text", "text", "name as it is sorted", "artists.sort-name"),
    Column("kind", "text", "text", "person, group, ...", "artists.type"),
    Column("country", "text", "ISO 3166-1 alpha-2", "country", "artists.country"),
    Column("begin", "text", "date", "begin, as exactly as it is known", "artists.life-span.begin"),
    Column("disambiguation", "text", "text", "which of several of that name", "artists.disambiguation"),
    Column("score", "int", "0-100", "how well the name matches, by MusicBrainz", "artists.score"),
)  # fmt: skip
RELEASES = table(
    "releases", "log", "release_id", "releases of an artist in a public catalogue, a row a label",
    Column("artist_id", "text", "id", "MusicBrainz's id of the artist", "params"),
    Column("release_id", "text", "id", "MusicBrainz's id of the release", "releases.id"),
    Column("title", "text", "text", "title", "releases.title"),
    Column("released", "text", "date", "date, as exactly as it is known", "releases.date"),
    Column("country", "text", "ISO 3166-1 alpha-2", "country of the release", "releases.country"),
    Column("release_status", "text", "text", "official, promotion, ...", "releases.status"),
    Column("label", "text", "text", "label; NULL when none is named", "releases.label-info.label.name"),
    Column("catalog_number", "text", "text", "the label's number", "releases.label-info.catalog-number"),
)  # fmt: skip

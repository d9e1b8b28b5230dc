"""Tables of what the sources say of sounds, posts, creators and hashtags."""

from trendlib.schema.columns import Column, table

SOUNDS = table(
    "sounds", "identity", "sound_id", "what answers said of a sound",
    Column("sound_id", "text", "id", "TikTok's music id", "music_info.id, music-info id"),
    Column("title", "text", "text", "title; NULL for a removed sound", "title"),
    Column("artist", "text", "text", "who the sound is credited to", "author"),
    Column("album", "text", "text", "album", "album"),
    Column("duration_s", "int", "s", "length", "duration"),
    Column("is_original", "bool", "yes/no", "original audio (label uploads carry it too)", "original"),
)  # fmt: skip
SOUND_OBSERVATIONS = table(
    "sound_observations", "log", "sound_id", "readings of a sound's use counter",
    Column("sound_id", "text", "id", "TikTok's music id", "id"),
    Column("total_uses", "int", "posts", "platform-wide uses, rounded by the source", "music-info video_count"),
)  # fmt: skip
POSTS = table(
    "posts", "identity", "post_id", "what answers said of a post",
    Column("post_id", "text", "id", "TikTok's video id", "video_id, id"),
    Column("sound_id", "text", "id", "the sound it uses", "music_info.id"),
    Column("creator_id", "text", "id", "who posted it", "author.id"),
    Column("posted_at", "time", "UTC", "when it was posted", "create_time, or the post id's upper bits"),
    Column("region", "text", "ISO 3166-1 alpha-2", "region of the poster's account", "region"),
    Column("caption", "text", "text", "caption, hashtags included", "title"),
    Column("duration_s", "int", "s", "length; NULL for a photo post", "duration"),
    Column("is_photo", "bool", "yes/no", "a photo post", "images"),
    Column("is_pinned", "bool", "yes/no", "pinned by its creator when seen", "is_top"),
    Column("is_ad", "bool", "yes/no", "an advertisement", "is_ad"),
)  # fmt: skip
POST_OBSERVATIONS = table(
    "post_observations", "latest", "post_id", "readings of a post's counters",
    Column("post_id", "text", "id", "TikTok's video id", "video_id, id"),
    Column("views", "int", "views", "plays so far", "play_count"),
    Column("likes", "int", "likes", "likes so far", "digg_count"),
    Column("comments", "int", "comments", "comments so far", "comment_count"),
    Column("shares", "int", "shares", "shares so far", "share_count"),
    Column("saves", "int", "saves", "saves so far", "collect_count"),
)  # fmt: skip
CREATORS = table(
    "creators", "identity", "creator_id", "what answers said of a creator",
    Column("creator_id", "text", "id", "TikTok's user id", "author.id, user.id"),
    Column("handle", "text", "text", "unique_id without @; may change", "author.unique_id, user.uniqueId"),
    Column("nickname", "text", "text", "display name", "author.nickname, user.nickname"),
    Column("is_verified", "bool", "yes/no", "verified by TikTok", "user.verified"),
)  # fmt: skip
CREATOR_OBSERVATIONS = table(
    "creator_observations", "latest", "creator_id", "readings of a creator's counters",
    Column("creator_id", "text", "id", "TikTok's user id", "user.id"),
    Column("followers", "int", "creators", "followers, rounded by the source", "stats.followerCount"),
    Column("following", "int", "creators", "accounts followed", "stats.followingCount"),
    Column("likes", "int", "likes", "likes received, rounded by the source", "stats.heartCount"),
    Column("posts", "int", "posts", "posts on the account", "stats.videoCount"),
)  # fmt: skip
HASHTAGS = table(
    "hashtags", "identity", "hashtag", "what answers said of a hashtag",
    Column("hashtag", "text", "text", "lower case, without #", "cha_name"),
    Column("challenge_id", "text", "id", "TikTok's id of the hashtag", "id"),
    Column("description", "text", "text", "TikTok's description", "desc"),
    Column("is_commerce", "bool", "yes/no", "a commercial hashtag", "is_commerce"),
)  # fmt: skip
HASHTAG_OBSERVATIONS = table(
    "hashtag_observations", "log", "hashtag", "readings of a hashtag's counters",
    Column("hashtag", "text", "text", "lower case, without #", "cha_name"),
    Column("total_posts", "int", "posts", "posts with the hashtag, rounded by the source", "user_count"),
    Column("total_views", "int", "views", "views of those posts, rounded by the source", "view_count"),
)  # fmt: skip
POST_HASHTAGS = table(
    "post_hashtags", "latest", "post_id hashtag", "hashtags that stand in captions",
    Column("post_id", "text", "id", "TikTok's video id", "video_id"),
    Column("hashtag", "text", "text", "lower case, without #", "title"),
)  # fmt: skip

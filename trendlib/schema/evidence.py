"""Tables of what the others rest on: pages, calls, what was set aside."""

from trendlib.schema.columns import Column, table

FEED_PAGES = table(
    "feed_pages", "log", "answer_id", "what each fetched page of a feed proves",
    Column("subject", "text", "sound, hashtag, creator, keyword", "what kind of feed this is", "endpoint"),
    Column("subject_id", "text", "id", "whose feed: sound_id, hashtag or challenge id, handle, keyword", "params"),
    Column("region", "text", "ISO 3166-1 alpha-2", "market asked for; NULL for none", "params"),
    Column("cursor", "text", "cursor", "where the page was asked to begin; NULL for the first page", "params"),
    Column("next_cursor", "text", "cursor", "where the provider says the next page begins", "cursor"),
    Column("has_more", "bool", "yes/no", "the provider says the feed goes on; NULL when it does not say", "hasMore"),
    Column("items", "int", "posts", "items on the page", "videos"),
    Column("items_read", "int", "posts", "items that could be read and dated", "videos"),
    Column("newest_posted_at", "time", "UTC", "newest post on the page, pinned and ad items left out", "create_time"),
    Column("oldest_posted_at", "time", "UTC", "oldest post on the page, pinned and ad items left out", "create_time"),
    Column("pairs", "int", "pairs", "adjacent pairs of posts, pinned and ad items left out", "create_time"),
    Column("rises", "int", "pairs", "of those, pairs in which the later item is the newer post", "create_time"),
)  # fmt: skip
REJECTS = table(
    "rejects", "log", "answer_id", "what could not be loaded, and why",
    Column("place", "text", "text", "where it stood: a JSON path in the answer, or a line of a file"),
    Column("reason", "text", "text", "why it was set aside"),
    Column("raw", "text", "JSON", "what stood there, at most 2,000 characters"),
)  # fmt: skip
CALLS = table(
    "calls", "log", "answer_id", "every answer loaded, and what it cost",
    Column("sweep_id", "text", "id", "the sweep, or the recording, it came with", "archive"),
    Column("provider", "text", "text", "who answered", "archive"),
    Column("endpoint", "text", "text", "what was asked", "archive"),
    Column("params", "text", "JSON", "with which parameters, the key never among them", "archive"),
    Column("status", "int", "HTTP status", "how it was answered", "archive"),
    Column("credits", "int", "credits", "what the provider charges for it", "provider's price list"),
    Column("error", "text", "text", "why it gave no data; NULL when it did"),
)  # fmt: skip

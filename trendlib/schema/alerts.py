"""Tables of what trendlib itself said: alerts, the rules that were asked, the team's notes on alerts."""

from trendlib.schema.columns import Column, table

ALERTS = table(
    "alerts", "identity", "alert_id", "what rules said, a thing an episode; first words stay, last_ ones move on",
    Column("alert_id", "text", "id", "sixteen hex digits of rule, subject, region and first instant", "alerts"),
    Column("rule", "text", "text", "which rule", "alerts"),
    Column("rule_version", "text", "text", "its version; 3+1a2b3c where thresholds were set here", "alerts"),
    Column("thresholds", "text", "JSON", "its thresholds", "alerts"),
    Column("subject", "text", "sound, hashtag", "what kind of thing it speaks of", "alerts"),
    Column("subject_id", "text", "id", "which: sound_id, or the hashtag without #", "alerts"),
    Column("region", "text", "ISO 3166-1 alpha-2", "the region crossed into; NULL for other rules", "alerts"),
    Column("alert", "text", "text", "the word first said: watch, confirmed, new, early, ...", "alerts"),
    Column("last_alert", "text", "text", "the word said last", "alerts"),
    Column("alerted_at", "time", "UTC", "as-of instant at which it was first said: the episode's beginning", "alerts"),
    Column("last_at", "time", "UTC", "as-of instant at which it was said last", "alerts"),
    Column("recorded_at", "time", "UTC", "when it was written down; long after alerted_at in a replay", "alerts"),
    Column("growth_rate", "float", "ratio", "velocity when first said", "alerts"),
    Column("growth_low", "float", "ratio", "lower end of its 90 % interval", "alerts"),
    Column("growth_high", "float", "ratio", "upper end of its 90 % interval", "alerts"),
    Column("evidence", "float", "standard deviations", "evidence when first said", "alerts"),
    Column("lift", "float", "ratio", "level over baseline when first said", "alerts"),
    Column("total_uses", "int", "posts", "total uses when first said", "alerts"),
    Column("posts_last_24h", "int", "posts", "posts in 24 h when first said", "alerts"),
    Column("effective_creators", "float", "creators", "effective creators when first said", "alerts"),
    Column("status", "text", "status", "how far its numbers could be trusted", "alerts"),
    Column("inputs", "text", "JSON", "what it rests on: daily counts with exposure, or shares with n", "alerts"),
)  # fmt: skip
RULE_RUNS = table(
    "rule_runs", "log", "answer_id", "each time a rule was asked, also when it said nothing",
    Column("rule", "text", "text", "which rule", "alerts"),
    Column("rule_version", "text", "text", "its version", "alerts"),
    Column("thresholds", "text", "JSON", "its thresholds", "alerts"),
    Column("asked_as_of", "time", "UTC", "as-of instant it was asked for", "alerts"),
    Column("looked_at", "int", "sounds or hashtags", "how many it looked at", "alerts"),
    Column("flagged", "int", "sounds or hashtags", "how many it flagged", "alerts"),
)  # fmt: skip
NOTES = table(
    "notes", "log", "alert_id", "what the team wrote beside alerts",
    Column("alert_id", "text", "id", "which alert", "notes"),
    Column("note", "text", "text", "what was written", "notes"),
    Column("written_at", "time", "UTC", "when it was written, while looking at the world as of observed_at", "notes"),
)  # fmt: skip

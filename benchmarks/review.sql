-- The home that benchmarks/review.py measures in; braces are its numbers, a blank line parts two statements.

CREATE TEMP TABLE made AS SELECT ({id} + sound)::VARCHAR AS sound_id, lpad((sound * 100000 + n)::VARCHAR, 19, '7') AS
post_id, 'c' || (hash(sound, n, 'who') % 60000)::VARCHAR AS creator_id, ['US','BR','ID','MX','DE','GB','PH','FR'][1 +
floor(8 * pow((hash(n, sound) % 10007) / 10007, 2))::INT] AS region, TIMESTAMPTZ '{now}' -
to_microseconds(CAST(86400000000.0 * {span} * pow((n + 0.5) / {posts}, 1.5) AS BIGINT)) AS posted_at, floor({span} *
pow((n + 0.5) / {posts}, 1.5))::INT AS age FROM range({paged}) s(sound), range({posts}) p(n)

INSERT INTO sounds BY NAME SELECT ({id} + n)::VARCHAR AS sound_id, 'The ' || left(md5('a' || n), 6) || ' of ' ||
left(md5('b' || n), 5) AS title, 'Artist ' || left(md5('c' || n % 4000), 7) AS artist, false AS is_original,
TIMESTAMPTZ '{now}' - INTERVAL 70 DAY AS observed_at, 's' || n AS answer_id FROM range({sounds}) r(n)

INSERT INTO sound_observations BY NAME SELECT ({id} + n)::VARCHAR AS sound_id, (1000 + (20 + n % 60) * d + hash(n, d)
% 9 + CASE WHEN n < {picks} AND d > {days} - 6 THEN 150 * (d - {days} + 6) ELSE 0 END)::BIGINT AS total_uses,
TIMESTAMPTZ '{now}' - INTERVAL 1 HOUR - to_days(({days} - d)::INT) AS observed_at, 'r' || n || '.' || d AS answer_id
FROM range({sounds}) r(n), range({days} + 1) t(d)

INSERT INTO posts BY NAME SELECT post_id, sound_id, creator_id, posted_at, region, 'a caption #dance' AS caption, 15
AS duration_s, false AS is_photo, false AS is_pinned, false AS is_ad, TIMESTAMPTZ '{now}' - INTERVAL 1 MINUTE -
to_days(greatest(age - 1, 0)) AS observed_at, 'p' || sound_id || '.' || age AS answer_id FROM made

INSERT INTO post_observations BY NAME SELECT post_id, (50 + hash(post_id) % 5000)::BIGINT AS views, 10 AS likes, 1 AS
comments, 1 AS shares, 0 AS saves, TIMESTAMPTZ '{now}' - INTERVAL 1 MINUTE - to_days(greatest(age - 1, 0)) AS
observed_at, 'p' || sound_id || '.' || age AS answer_id FROM made

INSERT INTO post_hashtags BY NAME SELECT post_id, 'tag' || (hash(post_id, 't') % 300) AS hashtag, TIMESTAMPTZ '{now}'
- INTERVAL 1 MINUTE - to_days(greatest(age - 1, 0)) AS observed_at, 'h' || sound_id || '.' || age AS answer_id FROM
made

INSERT INTO feed_pages BY NAME SELECT 'sound' AS subject, sound_id AS subject_id, CASE WHEN page > 0 THEN (page *
{page})::VARCHAR END AS cursor, ((page + 1) * {page})::VARCHAR AS next_cursor, true AS has_more, count(*) AS items,
count(*) AS items_read, max(posted_at) AS newest_posted_at, min(posted_at) AS oldest_posted_at, greatest(count(*) - 1,
0) AS pairs, 0 AS rises, TIMESTAMPTZ '{now}' - INTERVAL 1 MINUTE - to_days(0) + to_milliseconds(page * 10) AS
observed_at, 'f' || sound_id || '.' || page AS answer_id FROM (SELECT *, (row_number() OVER (PARTITION BY sound_id
ORDER BY posted_at DESC) - 1) // {page} AS page FROM made) GROUP BY sound_id, page

INSERT INTO creators BY NAME SELECT 'c' || n AS creator_id, 'handle' || n AS handle, 'Name ' || n AS nickname, false
AS is_verified, TIMESTAMPTZ '{now}' - INTERVAL 70 DAY AS observed_at, 'w' AS answer_id FROM range(60000) r(n)

INSERT INTO hashtag_observations BY NAME SELECT 'tag' || n AS hashtag, (10000 * d + hash(n, d) % 900)::BIGINT AS
total_views, (100 * d)::BIGINT AS total_posts, TIMESTAMPTZ '{now}' - INTERVAL 1 HOUR - to_days(({days} - d)::INT) AS
observed_at, 't' || n || '.' || d AS answer_id FROM range(100) r(n), range({days} + 1) t(d)

INSERT INTO rule_runs BY NAME SELECT rule, '{version}' AS rule_version, '{{}}' AS thresholds, asked AS asked_as_of,
{sounds} AS looked_at, 1 AS flagged, asked - INTERVAL 1 MICROSECOND AS observed_at, 'said' || d AS answer_id FROM
(SELECT d, TIMESTAMPTZ '{now}' - to_days(d::INT) AS asked, unnest(['breakout', 'catch_them_early']) AS rule FROM
range(0, 15) t(d))

INSERT INTO alerts BY NAME SELECT 'a' || n AS alert_id, 'breakout' AS rule, '{version}' AS rule_version, '{{}}' AS
thresholds, 'sound' AS subject, ({id} + n)::VARCHAR AS subject_id, 'confirmed' AS alert, 'confirmed' AS last_alert,
TIMESTAMPTZ '{now}' - to_days(5) AS alerted_at, TIMESTAMPTZ '{now}' - to_days(0) AS last_at, TIMESTAMPTZ '{now}' AS
recorded_at, 3.0 AS growth_rate, 2.0 AS growth_low, 4.0 AS growth_high, 'counter_only' AS status, '{{}}' AS inputs,
TIMESTAMPTZ '{now}' - to_days(0) - INTERVAL 1 MICROSECOND AS observed_at, 'said' || 0 AS answer_id FROM range(0,
{picks}) numbers(n)

INSERT INTO alerts BY NAME SELECT 'a' || n AS alert_id, 'breakout' AS rule, '{version}' AS rule_version, '{{}}' AS
thresholds, 'sound' AS subject, ({id} + n)::VARCHAR AS subject_id, 'confirmed' AS alert, 'confirmed' AS last_alert,
TIMESTAMPTZ '{now}' - to_days(12) AS alerted_at, TIMESTAMPTZ '{now}' - to_days(7) AS last_at, TIMESTAMPTZ '{now}' AS
recorded_at, 3.0 AS growth_rate, 2.0 AS growth_low, 4.0 AS growth_high, 'counter_only' AS status, '{{}}' AS inputs,
TIMESTAMPTZ '{now}' - to_days(7) - INTERVAL 1 MICROSECOND AS observed_at, 'said' || 7 AS answer_id FROM range(1000,
1000 + {before}) numbers(n)

INSERT INTO calls BY NAME SELECT 'c' || n || '.' || d AS answer_id, TIMESTAMPTZ '{now}' - INTERVAL 1 HOUR -
to_days(d::INT) AS observed_at, 'bulk' AS sweep_id, 'tiklive' AS provider, '/music-info/' AS endpoint, '{{}}' AS
params, 200 AS status, 1 AS credits FROM range({sounds}) r(n), range({days}) t(d)

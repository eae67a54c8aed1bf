-- Counts the failed sign-ins of one home over a while, from the first of them.
--
--   KEYS[1]  the home
--   ARGV[1]  now_ms       ARGV[2]  kept_ms       ARGV[3]  how many to add: 1, or 0 to look
--
-- Returns { how many there are then, since_ms }.
--
-- Time is the caller's, as in issue.lua; expiry only tidies up.

local now, kept, more = tonumber(ARGV[1]), tonumber(ARGV[2]), tonumber(ARGV[3])
local failures = redis.call("HMGET", KEYS[1], "since_ms", "count")
local since, count = tonumber(failures[1]), tonumber(failures[2])
if not since or now - since > kept then since, count = now, 0 end
if more > 0 then
  redis.call("HSET", KEYS[1], "since_ms", since, "count", count + more)
  redis.call("PEXPIRE", KEYS[1], kept + 60000)
end
return { count + more, since }

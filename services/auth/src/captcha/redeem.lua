-- Uses up the pass of a solved challenge: 1 for the one caller that may go on, 0 for all others.
--
--   KEYS[1]  the challenge
--   ARGV[1]  now_ms        ARGV[2]  binding
--
-- A pass shown by somebody else is refused and stays good for its owner.

local c = redis.call("HMGET", KEYS[1], "state", "binding", "pass_expires_ms")
if c[1] ~= "solved" or c[2] ~= ARGV[2] or tonumber(ARGV[1]) >= tonumber(c[3]) then return 0 end
redis.call("HSET", KEYS[1], "state", "redeemed")
return 1

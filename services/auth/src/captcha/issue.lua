-- Admits a request for a challenge, or says how long to wait; a repeated request gets what it got.
--
--   KEYS[1]  the challenge        KEYS[2]  its network; one hash tag keeps both in one cluster slot
--   ARGV[1]  now_ms               ARGV[2]  policy as JSON
--   ARGV[3]  nonce                ARGV[4]  binding
--   ARGV[5]  language             ARGV[6]  answers: hashes by round and level
--   ARGV[7]  known device (1|0)   ARGV[8]  first round
--
-- Returns { "issued", nonce, language, round, level, tries_left, expires_ms }, { "over" },
--         { "paused" | "refused", retry_after_ms }.
--
-- Time is the caller's: the same clock decides in PostgreSQL and can be moved by a test. Expiry of
-- the keys only tidies up, so it keeps a minute more than any rule needs.

local now = tonumber(ARGV[1])
local policy = cjson.decode(ARGV[2])
local SPARE_MS = 60000

local function current()
  local c = redis.call("HMGET", KEYS[1], "nonce", "language", "round", "level", "tries_left", "expires_ms")
  return { "issued", c[1], c[2], tonumber(c[3]), tonumber(c[4]), tonumber(c[5]), tonumber(c[6]) }
end

local known = redis.call("HMGET", KEYS[1], "state", "expires_ms")
if known[1] then
  if known[1] == "open" and now < tonumber(known[2]) then return current() end
  return { "over" }
end

local points = policy.points
local steps = policy.steps
local network = redis.call("HMGET", KEYS[2], "score", "scored_ms", "paused_until_ms")
local elapsed = math.max(0, now - (tonumber(network[2]) or now))
local score = math.max(0, (tonumber(network[1]) or 0) - elapsed * points.drainPerMs)
local paused_until = tonumber(network[3]) or 0

-- A refused request adds nothing: asking again does not keep the door closed.
if score >= steps.refuse and ARGV[7] ~= "1" then
  return { "refused", math.ceil((score - steps.refuse) / points.drainPerMs) + 1 }
end
if now < paused_until then return { "paused", paused_until - now } end
if score >= steps.pause then
  local share = math.min(1, (score - steps.pause) / (steps.refuse - steps.pause))
  paused_until = now + math.floor(policy.shortestPauseMs + share * (policy.longestPauseMs - policy.shortestPauseMs))
end

local level = 1
if score >= steps.level2 then level = 2 end
if score >= steps.level3 then level = 3 end

score = math.min(points.most, score + points.issued)
redis.call("HSET", KEYS[2], "score", tostring(score), "scored_ms", now, "paused_until_ms", paused_until)
redis.call("PEXPIRE", KEYS[2], math.ceil(points.most / points.drainPerMs) + SPARE_MS)
redis.call("HSET", KEYS[1], "state", "open", "nonce", ARGV[3], "binding", ARGV[4], "language", ARGV[5],
  "answers", ARGV[6], "round", ARGV[8], "level", level, "tries_left", policy.tries, "shown_ms", now,
  "expires_ms", now + policy.challengeMs)
redis.call("PEXPIRE", KEYS[1], policy.challengeMs + policy.passMs + SPARE_MS)
return current()

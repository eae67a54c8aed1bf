-- Judges one answer: solves the challenge, uses up a try, or asks for one right answer more; the last two move on to
-- the next task.
--
--   KEYS[1]  the challenge        KEYS[2]  its network; one hash tag keeps both in one cluster slot
--   ARGV[1]  now_ms               ARGV[2]  policy as JSON
--   ARGV[3]  binding              ARGV[4]  answer, hashed
--   ARGV[5]  retry key, hashed, or ""
--   ARGV[6]  length of one hash
--
-- Returns { "solved", pass_expires_ms },
--         { "wrong" | "once_more", nonce, language, round, level, tries_left, expires_ms },
--         { "spent" }, { "expired" } or { "unknown" }.
--
-- The answer of round 0 solves when it is right; after a wrong one two right ones in a row do, and in a challenge that was
-- issued without round 0 from the start. `solved_answer` is the right one that waits for another. The next task never has the same answer, so who sends it again repeats itself.
--
-- A right answer that came faster than a person reads is as wrong as any: the caller is not told
-- which it was, or speed would be free.

local now = tonumber(ARGV[1])
local policy = cjson.decode(ARGV[2])
local hash_length = tonumber(ARGV[6])
local points = policy.points

local function get(field) return redis.call("HGET", KEYS[1], field) end
local function number(field) return tonumber(get(field)) end

local function next_task()
  local kind = get("solved_answer") and "once_more" or "wrong"
  return { kind, get("nonce"), get("language"), number("round"), number("level"), number("tries_left"), number("expires_ms") }
end

local state = get("state")
if not state or get("binding") ~= ARGV[3] then return { "unknown" } end

local waiting = get("solved_answer")
local repeated = (ARGV[5] ~= "" and get("retry_key") == ARGV[5]) or waiting == ARGV[4]
if state == "solved" then
  if repeated and now < number("pass_expires_ms") then return { "solved", number("pass_expires_ms") } end
  return { "spent" }
end
if state ~= "open" then return { "spent" } end
if now >= number("expires_ms") then return { "expired" } end
if repeated then return next_task() end

local round, level = number("round"), number("level")
local took = now - number("shown_ms")
local slot = round * 3 + level - 1
local right = string.sub(get("answers"), slot * hash_length + 1, (slot + 1) * hash_length) == ARGV[4]
local too_fast = took < policy.leastHumanMs[level]
local taken = right and not too_fast
local solved = taken and (round == 0 or waiting)

local added = points.wrong
if too_fast then added = points.tooFast end
if taken then added = points.onceMore end
if solved then added = points.solved end

-- The network remembers how long its last answers took.
local network = redis.call("HMGET", KEYS[2], "score", "scored_ms", "took")
local took_list = {}
for value in string.gmatch(network[3] or "", "%d+") do table.insert(took_list, tonumber(value)) end
table.insert(took_list, math.max(0, took))
while #took_list > policy.regularAnswers do table.remove(took_list, 1) end
if #took_list == policy.regularAnswers then
  local least, most = math.huge, 0
  for _, value in ipairs(took_list) do least, most = math.min(least, value), math.max(most, value) end
  if most - least <= policy.regularSpreadMs then added = added + points.tooRegular end
end
local elapsed = math.max(0, now - (tonumber(network[2]) or now))
local score = math.max(0, (tonumber(network[1]) or 0) - elapsed * points.drainPerMs)
score = math.max(0, math.min(points.most, score + added))
redis.call("HSET", KEYS[2], "score", tostring(score), "scored_ms", now, "took", table.concat(took_list, " "))
redis.call("PEXPIRE", KEYS[2], math.ceil(points.most / points.drainPerMs) + 60000)

if solved then
  redis.call("HSET", KEYS[1], "state", "solved", "solved_answer", ARGV[4], "retry_key", ARGV[5], "pass_expires_ms", now + policy.passMs)
  return { "solved", now + policy.passMs }
end

redis.call("HSET", KEYS[1], "round", round + 1, "shown_ms", now, "retry_key", ARGV[5])
if taken then
  redis.call("HSET", KEYS[1], "solved_answer", ARGV[4])
  return next_task()
end

redis.call("HDEL", KEYS[1], "solved_answer")
local tries_left = number("tries_left") - 1
if tries_left == 0 then
  redis.call("HSET", KEYS[1], "state", "spent", "tries_left", 0)
  return { "spent" }
end
if too_fast then level = math.min(3, level + 1) end
redis.call("HSET", KEYS[1], "level", level, "tries_left", tries_left)
return next_task()

-- Decides a batch of requests, each against several token buckets at once.
--
--   KEYS[1..k]       the buckets the batch touches, each named once; all carry one hash tag, so that
--                    on a Redis Cluster they live in one slot and this stays one atomic step
--   ARGV[1..k]       for each bucket: microseconds from empty to full (capacity x interval)
--   then, for every request of the batch:
--     cost kind      how many of the following pairs there are; negative for a charge (see below)
--     index, take    a bucket by its place in KEYS, and the microseconds of refill the request costs
--
-- Returns a flat list; for every request: 1 (allowed) or 0 (refused), then for each of its buckets the
-- debt left after the decision: microseconds until that bucket is full again if nobody touches it.
--
-- A bucket is one string: the moment it will be full again, in microseconds since 2025-01-01, which is
-- all a linear refill needs (tokens missing = time until full / interval). An absent bucket is a full
-- one, so the key may expire at that very moment. Everything is a multiple of 1/16 us, which a double
-- holds exactly until 2042: no rounding ever adds a token.
--
-- A request is decided as a whole: if one bucket refuses, nothing is taken from any. Requests of a batch
-- are decided in order and see what the earlier ones took. A charge (the extra price of a failed
-- attempt) is never refused: it takes what is there and leaves the bucket empty at worst.
--
-- The clock is Redis's own, so replicas of the service need not agree on the time. When that clock moves
-- back (failover to a skewed replica) a stored moment may lie further ahead than an empty bucket can be:
-- it is pulled back to "empty now" and written, or the key would stay locked until the old time returned.

local call, ceil, tonumber = redis.call, math.ceil, tonumber
local KEYS, ARGV = KEYS, ARGV
local count = #KEYS

local time = call("TIME")
local now = (time[1] - 1735689600) * 1000000 + time[2]

local stored = call("MGET", unpack(KEYS))
local full_at, latest, changed = {}, {}, {}
for i = 1, count do
  local empty = now + ARGV[i]
  local at = tonumber(stored[i]) or now
  if not (at > now) then
    at = now
  elseif at > empty then
    at = empty
    changed[i] = true
  end
  full_at[i], latest[i] = at, empty
end

local reply, filled = {}, 0
local cursor, last = count + 1, #ARGV
while cursor <= last do
  local pairs_left = tonumber(ARGV[cursor])
  local charge = pairs_left < 0
  if charge then pairs_left = -pairs_left end
  local stop = cursor + 2 * pairs_left

  local allowed = true
  if not charge then
    for at = cursor + 1, stop, 2 do
      local i = tonumber(ARGV[at])
      if full_at[i] + ARGV[at + 1] > latest[i] then
        allowed = false
        break
      end
    end
  end

  filled = filled + 1
  reply[filled] = allowed and 1 or 0
  for at = cursor + 1, stop, 2 do
    local i = tonumber(ARGV[at])
    if allowed then
      local after = full_at[i] + ARGV[at + 1]
      if after > latest[i] then after = latest[i] end
      full_at[i] = after
      changed[i] = true
    end
    filled = filled + 1
    reply[filled] = full_at[i] - now
  end
  cursor = stop + 1
end

for i = 1, count do
  if changed[i] then
    local at = full_at[i]
    call("SET", KEYS[i], at, "PX", ceil((at - now) / 1000))
  end
end

return reply

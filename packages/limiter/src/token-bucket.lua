-- Decides a batch of requests, each against several token buckets at once.
--
--   KEYS[1..k]       the buckets the batch touches, each named once: first the shared ones, which every
--                    request of the batch takes from (its class, the whole service), then the others.
--                    All carry one hash tag, so that on a Redis Cluster they live in one slot and this
--                    stays one atomic step
--   ARGV[1]          a JSON list of numbers, because one argument parses faster than hundreds:
--                      s              how many of the buckets are shared, then
--                      for each bucket: ticks from empty to full (capacity x interval), then
--                      for each shared bucket: the ticks of refill that a request costs there, then
--                      for each request of the batch:
--                        n              how many pairs follow; negative for a charge (see below)
--                        index, take    another bucket by its place in KEYS, and the ticks of refill that
--                                       the request costs there
--
-- Returns a flat list; for every request: 1 (allowed) or 0 (refused), then for each of its own buckets the
-- debt left after its decision; at the end, for each shared bucket, the debt left after the batch. A debt
-- is the ticks until the bucket is full again if nobody touches it.
--
-- A tick is 1/16 microsecond. A bucket is one string: the moment it will be full again, in ticks since
-- 2025-01-01, which is all that a linear refill needs (tokens missing = time until full / interval). An
-- absent bucket is a full one, so the key may expire at that very moment. Ticks are whole numbers, which
-- a double holds exactly until 2042: no rounding ever adds a token.
--
-- A request is decided as a whole: if one bucket refuses, nothing is taken from any. Requests of a batch
-- are decided in order and see what the earlier ones took. A charge (the extra price of a failed
-- attempt) is never refused: it takes what is there, leaves the bucket empty at worst, and spares the shared ones.
--
-- The clock is Redis's own, so replicas of the service need not agree on the time. When that clock moves
-- back (failover to a skewed replica) a stored moment may lie further ahead than an empty bucket can be:
-- it is pulled back to "empty now" and written, or the key would stay locked until the old time returned.

local call, ceil, floor, format, tonumber = redis.call, math.ceil, math.floor, string.format, tonumber
local KEYS, asked = KEYS, cjson.decode(ARGV[1])
local count, shared = #KEYS, asked[1]

local time = call("TIME")
local now = ((time[1] - 1735689600) * 1000000 + time[2]) * 16

local stored = call("MGET", unpack(KEYS))
local was, full_at, latest = {}, {}, {}
for i = 1, count do
  local at = tonumber(stored[i]) or now
  if not (at > now) then at = now end
  was[i] = at
  local empty = now + asked[i + 1]
  if at > empty then at = empty end
  full_at[i], latest[i] = at, empty
end

-- How many more requests all shared buckets have room for: one count, however many requests there are.
local cursor = count + 2
local room, granted = math.huge, 0
for i = 1, shared do
  local fits = floor((latest[i] - full_at[i]) / asked[count + 1 + i])
  if fits < room then room = fits end
end
cursor = cursor + shared

local reply, filled, last = {}, 0, #asked
while cursor <= last do
  local count_of_pairs = asked[cursor]
  local charge = count_of_pairs < 0
  if charge then count_of_pairs = -count_of_pairs end
  local first, stop = cursor + 1, cursor + 2 * count_of_pairs

  -- Takes as it goes, for most requests are allowed; a refusal on the way puts back what was taken so far.
  local allowed, at = charge or granted < room, first
  while allowed and at < stop do
    local i = asked[at]
    local after = full_at[i] + asked[at + 1]
    if after <= latest[i] then
      full_at[i] = after
      at = at + 2
    elseif charge then
      full_at[i] = latest[i]
      at = at + 2
    else
      allowed = false
    end
  end
  if not allowed then
    for taken = first, at - 2, 2 do
      local i = asked[taken]
      full_at[i] = full_at[i] - asked[taken + 1]
    end
  elseif not charge then
    granted = granted + 1
  end

  filled = filled + 1
  reply[filled] = allowed and 1 or 0
  for pair = first, stop, 2 do
    filled = filled + 1
    reply[filled] = full_at[asked[pair]] - now
  end
  cursor = stop + 1
end

for i = 1, shared do
  full_at[i] = full_at[i] + granted * asked[count + 1 + i]
  reply[filled + i] = full_at[i] - now
end

for i = 1, count do
  local at = full_at[i]
  if at ~= was[i] then
    -- Formatted here: Redis itself turns Lua numbers into text as doubles, at twice the price.
    call("PSETEX", KEYS[i], format("%d", ceil((at - now) / 16000)), format("%d", at))
  end
end

return reply

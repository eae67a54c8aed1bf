-- Gives a call its turn in one or more lanes that each let calls out at a steady rate, or says that the
-- queue is too long.
--
--   KEYS[1..k]   the lanes the call goes through; all carry one hash tag (see token-bucket.lua)
--   ARGV[1]      a JSON list of whole numbers, in ticks of 1/16 microsecond:
--                  the longest wait the caller accepts, then for each lane the interval between its calls
--
-- Returns { allowed (1|0), wait }: the ticks until the call's turn, or, when refused, the ticks until a
-- turn within the accepted wait would be free.
--
-- A lane is one string: the moment its next turn is free, in ticks since 2025-01-01. An absent lane is
-- free now, so the key expires at that moment. A call waits for the slowest of its lanes and takes its
-- turn in all of them; a refused call takes none. The clock is Redis's own. A lane reserved further ahead
-- than anybody may wait can only come from a clock that moved back: it is pulled in to the longest wait,
-- and written, or the lane would stand still until the old time returned.

local call, ceil, format, tonumber = redis.call, math.ceil, string.format, tonumber
local asked = cjson.decode(ARGV[1])
local longest = asked[1]

local time = call("TIME")
local now = ((time[1] - 1735689600) * 1000000 + time[2]) * 16

local function keep(key, free_at)
  call("PSETEX", key, format("%d", ceil((free_at - now) / 16000)), format("%d", free_at))
end

local stored = call("MGET", unpack(KEYS))
local turn = now
for i = 1, #KEYS do
  local free_at = tonumber(stored[i]) or now
  local furthest = now + longest + asked[i + 1]
  if free_at > furthest then
    free_at = furthest
    keep(KEYS[i], free_at)
  end
  if free_at > turn then turn = free_at end
end

if turn > now + longest then
  return { 0, turn - now - longest }
end

for i = 1, #KEYS do
  keep(KEYS[i], turn + asked[i + 1])
end
return { 1, turn - now }

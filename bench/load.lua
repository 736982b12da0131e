-- Drives one path for wrk; bench/load.py sets the environment:
--   FILE   lines "authorization<TAB>path", cycled in order, so that neighbours belong to different organizations
--   METHOD, BODY (%N becomes a number unique to the request), HEADERS (lines "name: value")
--   ONCE   with a value, each line is sent once and the run ends when all are answered
-- Prints one JSON line.
local ffi = require("ffi")
ffi.cdef [[
  typedef struct { long seconds; long nanoseconds; } moment_t;
  int clock_gettime(int clock, moment_t *now);
]]
local function now()
  local found = ffi.new("moment_t")
  ffi.C.clock_gettime(1, found)
  return tonumber(found.seconds) + tonumber(found.nanoseconds) / 1e9
end

local threads = {}
function setup(thread)
  table.insert(threads, thread)
end

function init()
  local method, body, run = os.getenv("METHOD"), os.getenv("BODY"), os.getenv("RUN")
  local once = os.getenv("ONCE") ~= ""
  local fixed, lines, sent, answered = { ["Accept-Encoding"] = "identity" }, {}, 0, 0
  for name, value in os.getenv("HEADERS"):gmatch("([^\n:]+): ([^\n]+)") do fixed[name] = value end
  if body ~= "" then fixed["Content-Type"] = "application/json" end
  for line in io.lines(os.getenv("FILE")) do
    local authorization, path = line:match("^([^\t]*)\t(.*)$")
    lines[#lines + 1] = { authorization, path }
  end
  began, ended = now(), 0
  function request()
    local line = lines[sent % #lines + 1]
    sent = sent + 1
    if line[1] ~= "" then fixed["Authorization"] = "Bearer " .. line[1] end
    if method == "GET" then return wrk.format(method, line[2], fixed) end
    if method == "POST" then fixed["Idempotency-Key"] = run .. "-" .. sent end
    return wrk.format(method, line[2], fixed, (body:gsub("%%N", tostring(sent))))
  end
  if fixed["X-Desk-Poll"] then
    function response(_, headers)
      fixed["If-None-Match"] = headers["ETag"] or headers["etag"]
    end
  end
  if once then
    function response()
      answered = answered + 1
      ended = now()
      if answered >= #lines - 64 then wrk.thread:stop() end
    end
  end
end

function done(summary, latency)
  local seconds, errors = summary.duration / 1e6, summary.errors
  local last = threads[1]:get("ended")
  if last > 0 then seconds = last - threads[1]:get("began") end
  io.write(string.format(
    '{"requests":%d,"seconds":%.3f,"p50":%.3f,"p99":%.3f,"max":%.3f,"bytes":%d,"refused":%d,"broken":%d}\n',
    summary.requests, seconds, latency:percentile(50) / 1e3, latency:percentile(99) / 1e3, latency.max / 1e3,
    summary.bytes, errors.status, errors.connect + errors.read + errors.write + errors.timeout))
end

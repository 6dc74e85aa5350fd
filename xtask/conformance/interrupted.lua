-- wrk against an upstream that dies and comes back: counts what is promised and what is not.

local threads = {}

function setup(thread)
  thread:set("number", #threads)
  table.insert(threads, thread)
end

function init()
  good, failed, wrong, calls = 0, 0, 0, 0
end

function request()
  calls = calls + 1
  return wrk.format("GET", wrk.path .. number .. "-" .. calls)
end

function response(status, headers, body)
  if status == 200 then
    -- Answers are the path in lines, cut off at 300 bytes.
    local line = body:match("^(/items/%d+%-%d+\n)")
    if line and body == line:rep(math.ceil(300 / #line)):sub(1, 300) then
      good = good + 1
    else
      wrong = wrong + 1
    end
  elseif status == 502 or status == 503 or status == 504 then
    failed = failed + 1
  else
    wrong = wrong + 1
  end
end

function done(summary)
  local sum = { good = 0, failed = 0, wrong = 0 }
  for _, thread in ipairs(threads) do
    for name, count in pairs(sum) do
      sum[name] = count + thread:get(name)
    end
  end
  local errors = summary.errors
  io.write(string.format(
    "interrupted good %d failed %d wrong %d unconnected %d broken %d late %d\n",
    sum.good, sum.failed, sum.wrong, errors.connect, errors.read + errors.write, errors.timeout
  ))
end

-- Every request invites SIZE other addresses. For one thread: the number is the thread's own.
local headers = { ["Authorization"] = "Bearer " .. os.getenv("TOKEN"), ["Content-Type"] = "application/json" }
local number, items = 0, {}
for item = 1, tonumber(os.getenv("SIZE")) do
    items[item] = '{"kind":"system_user","email":"person.' .. os.getenv("RUN") .. ".@." .. item
        .. '@example.com","roles":["customer_support","viewer"]}'
end
local parts = {}
for part in (table.concat(items, ",") .. "@."):gmatch("(.-)@%.") do parts[#parts + 1] = part end

function request()
    number = number + 1
    local body = '{"invitations":[' .. table.concat(parts, number .. ".") .. "]}"
    return wrk.format("POST", "/v1/invitations/batch", headers, body)
end

-- Every request asks for the newest fifty invitations.
local request_text

function init()
    request_text = wrk.format("GET", "/v1/invitations", { ["Authorization"] = "Bearer " .. os.getenv("TOKEN") })
end

function request()
    return request_text
end

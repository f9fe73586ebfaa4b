// The hub's API as the commands ask it.
#pragma once

#include "http/client/hub_client.h"

namespace millwright::cli {

using http::HubClient;
using http::HubTrust;

}  // namespace millwright::cli

// /api/v1/notifications: what people were told, and a test of a route.
#pragma once

#include "http/router.h"
#include "hub/api/context.h"
#include "hub/notify/notifier.h"

namespace millwright::hub {

/// Without a notifier the list is what an earlier configuration left, and a test is a 409.
void AddNotifyRoutes(http::Router& router, const ApiContext& context, notify::Notifier* notifier);

}  // namespace millwright::hub

// The inbox, and what people say there (docs/formats/api.md).
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "http/router.h"
#include "hub/api/context.h"
#include "hub/ingest/changes.h"
#include "hub/labels/labels.h"

namespace millwright::hub {

/// Whether who asks may judge at these plants; kForbidden-like problems as an answer.
using SiteGuard = std::function<std::optional<http::Response>(
    const http::Request& request, const std::vector<std::string>& sites)>;

/// What others do about a verdict that is on disk: escalation ends, a work order leaves. Called
/// again where the same act is sent again, so it must be harmless twice.
using OnVerdict = std::function<void(const VerdictAct& act)>;

struct LabelParts {
  Labels& labels;
  ChangeFeed& feed;        // open consoles see a verdict at once
  SiteGuard may_judge;     // empty: everybody who reached the route
  OnVerdict on_verdict{};  // empty: nobody
};

/// Borrows all.
void AddInboxRoutes(http::Router& router, const ApiContext& context);
void AddLabelRoutes(http::Router& router, const LabelParts& parts);
/// A machine that was repaired or replaced, and the baselines that it was judged by.
void AddServiceRoutes(http::Router& router, const ApiContext& context, const LabelParts& parts);

}  // namespace millwright::hub

// The documents one by one; export.h puts them together.
#pragma once

#include <string>
#include <string_view>

#include "aws/plan.h"

namespace millwright::aws {

[[nodiscard]] std::string Partition(std::string_view region);
/// arn:aws:iot:eu-central-1:123456789012:thinggroup/NAME.
[[nodiscard]] std::string TargetArn(const Place& place, const Target& target);
[[nodiscard]] std::string ComponentArn(const Place& place, std::string_view name,
                                       std::string_view version);
[[nodiscard]] std::string Key(const Place& place, const S3File& file);

/// docs/formats/delivery.md.
[[nodiscard]] std::string JobDocument(const JobPlan& job);
/// Inputs of iot create-job, create-stream (and update-stream) as --cli-input-json takes them.
[[nodiscard]] std::string CreateJob(const Plan& plan);
[[nodiscard]] std::string CreateStream(const Place& place, const Stream& stream,
                                       std::string_view role);
/// Who may take the role, and what it may read.
[[nodiscard]] std::string RoleTrust();
[[nodiscard]] std::string RolePolicy(const Place& place);
/// What a gateway's certificate may do: its own jobs and streams, no other's.
[[nodiscard]] std::string DevicePolicy(const Place& place);

/// Component recipes for the classic nucleus and nucleus lite alike.
[[nodiscard]] std::string ModelRecipe(const Plan& plan);
[[nodiscard]] std::string AgentRecipe(const Plan& plan);
/// Input of greengrassv2 create-deployment.
[[nodiscard]] std::string CreateDeployment(const Plan& plan, const Target& target);

}  // namespace millwright::aws

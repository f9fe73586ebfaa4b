// What is to be brought to AWS, as facts; export.h makes texts of it.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace millwright::aws {

struct Place {
  std::string region, account, bucket;
  std::string prefix = "millwright";  // of every S3 key
};

struct Target {
  bool group = false;  // else one thing
  std::string name;
};

/// How fast a job or a deployment spreads, and when it stops by itself.
struct Pace {
  int64_t per_minute_max = 100;
  int64_t base_per_minute = 1;
  double factor = 2;            // faster by so much ...
  int64_t after_succeeded = 1;  // ... each time so many more have succeeded
  double abort_percent = 5;     // of those that ended
  int64_t abort_min = 1;        // but not before so many have
  int64_t timeout_minutes = 1440;
};

/// A file that is uploaded; its bytes are the caller's business.
struct S3File {
  std::string name;
  std::string key;  // below the prefix
  uint64_t bytes = 0;
};

struct Stream {
  std::string id, description;
  std::vector<S3File> files;  // fileId 0, 1, ...
};

/// A signed release on its way by IoT Jobs.
struct JobPlan {
  std::string id, role;  // the role that IoT reads the bucket with
  std::string target, digest, name, version;
  Stream metadata, pack;
};

/// A pack as a Greengrass component that only holds data: pack.tar, and where it is a signed
/// release also document.json and the metadata under their own names.
struct ModelComponent {
  std::string name, version, model, model_version;
  std::vector<S3File> files;
};

struct AgentComponent {
  std::string name = "com.millwright.agent";
  std::string version;
  std::optional<S3File> archive;                 // nothing: that version is there already
  std::string folder = "opt/millwright";         // in the archive: what becomes `programs`
  std::string programs = "/opt/millwright";      // on the gateway
  std::string program = "bin/millwright-agent";  // below it
  std::string architecture = "aarch64";
  std::string config_file = "/etc/millwright/agent.toml";
  bool models_by_jobs = false;  // the model component is the first model only
};

struct Kept {  // what else runs on the targets and must stay there
  std::string component, version;
};

struct Plan {
  Place place;
  std::vector<Target> targets;
  Pace pace;
  std::optional<JobPlan> job;
  ModelComponent model;
  std::optional<AgentComponent> agent;
  std::vector<Kept> keep;
};

}  // namespace millwright::aws

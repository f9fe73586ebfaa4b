// replay: reads the options, finds the recordings, shows progress.
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <charconv>
#include <cstdio>
#include <fstream>
#include <map>
#include <memory>
#include <sstream>

#include "commands.h"
#include "key_files.h"
#include "output.h"
#include "replay.h"

namespace millwright::cli {
namespace {

struct ReplayRequest {
  std::string folder;
  std::string broker = "127.0.0.1:1883";
  std::string username, password_file;
  std::string site;
  std::string area = "recorded";
  std::string rate = "max";
  std::string assets_file;
  std::string decisions_file;
  std::vector<std::string> runs;
  size_t outstanding = 400;
  int qos = 1;
};

struct Played {
  std::string asset;
  std::string area;
};

Result<mqtt::Options> BrokerOptions(const std::string& address) {
  const size_t colon = address.rfind(':');
  mqtt::Options options;
  options.host = address.substr(0, colon);
  if (colon != std::string::npos) {
    const char* begin = address.data() + colon + 1;
    const char* end = address.data() + address.size();
    const auto [stop, error] = std::from_chars(begin, end, options.port);
    if (error != std::errc() || stop != end || options.port < 1 || options.port > 65535)
      return Fail(Errc::kInvalid, "broker \"" + address + "\": expected HOST:PORT");
  }
  if (options.host.empty())
    return Fail(Errc::kInvalid, "broker \"" + address + "\": expected HOST:PORT");
  options.client_id = "millwright-replay-" + std::to_string(::getpid());
  options.clean_session = true;
  return options;
}

// Lines "recording asset [area]"; '#' begins a comment.
Result<std::map<std::string, Played>> ReadAssets(const std::string& path) {
  std::map<std::string, Played> assets;
  if (path.empty()) return assets;
  std::ifstream file(path);
  if (!file) return Fail(Errc::kNotFound, "replay: cannot open " + path);
  std::string line;
  for (int number = 1; std::getline(file, line); ++number) {
    std::istringstream words(line.substr(0, line.find('#')));
    std::string recording, extra;
    Played played;
    if (!(words >> recording)) continue;
    if (!(words >> played.asset) || ((words >> played.area) && (words >> extra))) {
      return Fail(Errc::kInvalid,
                  path + ":" + std::to_string(number) + ": expected \"recording asset [area]\"");
    }
    assets[recording] = played;
  }
  return assets;
}

Result<Track> TrackOf(recording::RecordingInfo info, const Played& played) {
  for (const auto& [what, id] : {std::pair("asset", played.asset), {"area", played.area}}) {
    MW_TRY(CheckIdText(what, id));
  }
  for (const auto& channel : info.channels) {
    MW_TRY(CheckIdText("channel of " + info.id, channel.name));
  }
  return Track{std::move(info), AreaId(played.area), AssetId(played.asset)};
}

Result<std::vector<Track>> FindTracks(const ReplayRequest& request) {
  MW_TRY(auto recordings, recording::OpenDataset(request.folder));
  MW_TRY(const auto assets, ReadAssets(request.assets_file));
  std::vector<Track> tracks;
  for (recording::RecordingInfo& info : recordings) {
    const bool wanted = request.runs.empty() || std::find(request.runs.begin(), request.runs.end(),
                                                          info.id) != request.runs.end();
    if (!wanted) continue;
    Played played{info.asset, request.area};
    if (const auto found = assets.find(info.id); found != assets.end()) {
      played.asset = found->second.asset;
      if (!found->second.area.empty()) played.area = found->second.area;
    }
    MW_TRY(Track track, TrackOf(std::move(info), played));
    tracks.push_back(std::move(track));
  }
  for (const std::string& run : request.runs) {
    const bool found = std::any_of(tracks.begin(), tracks.end(),
                                   [&](const Track& track) { return track.info.id == run; });
    if (!found)
      return Fail(Errc::kNotFound, "replay: " + request.folder + " has no recording " + run);
  }
  return tracks;
}

void ShowProgress(double share, const ReplayFigures& figures) {
  const int filled = static_cast<int>(share * 24);
  std::fprintf(stderr, "\r\033[K  replay [%.*s%.*s] %3.0f%%  %llu messages, %llu decisions", filled,
               "########################", 24 - filled, "........................", share * 100,
               static_cast<unsigned long long>(figures.messages),
               static_cast<unsigned long long>(figures.decisions));
}

Result<ReplayFigures> Run(const ReplayRequest& request) {
  MW_TRY(mqtt::Options broker, BrokerOptions(request.broker));
  broker.username = request.username;
  MW_TRY(broker.password, ReadPassphrase(request.password_file));
  MW_TRY(std::vector<Track> tracks, FindTracks(request));
  ReplayOptions options;
  options.site = SiteId(request.site);
  options.qos = request.qos;
  options.real_time = request.rate == "real";
  options.outstanding = request.outstanding;

  std::ofstream decisions;
  ReplayHooks hooks;
  if (!request.decisions_file.empty()) {
    decisions.open(request.decisions_file, std::ios::trunc);
    if (!decisions) return Fail(Errc::kIo, "replay: cannot write " + request.decisions_file);
    decisions << "asset,step_end_ns,score,alarm\n";
    hooks.on_decision = [&](const SeenDecision& d) {
      decisions << d.asset << ',' << d.step_end << ',' << d.score << ',' << (d.alarm ? 1 : 0)
                << '\n';
    };
  }
  const bool terminal = ::isatty(STDERR_FILENO) == 1;
  if (terminal) hooks.on_progress = ShowProgress;
  os::RealClock clock;
  const auto client = mqtt::MakeClient(broker);
  auto figures = Replay(*client, clock, options, std::move(tracks), hooks);
  if (terminal) std::fputs("\n", stderr);
  if (figures && decisions.is_open() && !decisions.flush())
    return Fail(Errc::kIo, "replay: cannot write " + request.decisions_file);
  return figures;
}

void Report(const ReplayFigures& figures, Context& context) {
  const double speed = figures.wall_s > 0 ? figures.recorded_s / figures.wall_s : 0;
  if (context.json) {
    FlatJson json;
    json.Count("recordings", figures.recordings).Count("messages", figures.messages);
    json.Count("decisions", figures.decisions).Count("waited_out", figures.waited_out);
    json.Set("recorded_s", figures.recorded_s).Set("wall_s", figures.wall_s);
    json.Set("times_real", speed);
    if (figures.decisions == 0) json.Set("not_measured", std::vector<std::string>{"decisions"});
    json.Print();
    return;
  }
  if (figures.decisions == 0) {
    std::fprintf(stderr,
                 "millwright: no decision came back; does an agent with these machines listen "
                 "on this broker and site?\n");
  }
  std::printf("%llu recordings, %llu messages, %llu decisions in %.1f s (%.0f times as fast)\n",
              static_cast<unsigned long long>(figures.recordings),
              static_cast<unsigned long long>(figures.messages),
              static_cast<unsigned long long>(figures.decisions), figures.wall_s, speed);
}

// Checks as CLI11 wants them: empty where the word is right.
std::string CheckBrokerText(const std::string& address) {
  const auto options = BrokerOptions(address);
  return options ? std::string() : options.error().what;
}
std::string CheckId(const std::string& text) {
  const auto right = CheckIdText("id", text);
  return right ? std::string() : right.error().what;
}

constexpr std::string_view kBrokerHint =
    "is it running? name it with --broker HOST:PORT; see millwright doctor --broker HOST:PORT";

}  // namespace

void ConfigureReplay(CLI::App& command, Context& context) {
  const auto request = std::make_shared<ReplayRequest>();
  command.add_option("DIR", request->folder, "Recordings, or CSV files in SKAB's layout")
      ->required();
  command.add_option("--site", request->site, "Site in the topics")->required()->check(CheckId);
  command.add_option("--broker", request->broker, "The gateway's broker, HOST:PORT")
      ->check(CheckBrokerText)
      ->capture_default_str();
  command.add_option("--username", request->username, "Account at that broker");
  command
      .add_option("--password-file", request->password_file,
                  "A file whose first line is the account's password")
      ->check(CLI::ExistingFile);
  command.add_option("--area", request->area, "Area in the topics")
      ->check(CheckId)
      ->capture_default_str();
  command
      .add_option("--rate", request->rate,
                  "max: as fast as the gateway decides; real: in step with the clock")
      ->check(CLI::IsMember({"max", "real"}))
      ->capture_default_str();
  command.add_option("--runs", request->runs, "Only these recordings (ids, comma separated)")
      ->delimiter(',');
  command.add_option("--assets", request->assets_file,
                     "File of lines \"recording asset [area]\": play it as that machine");
  command
      .add_option("--outstanding", request->outstanding,
                  "Messages that may wait for a decision (--rate max)")
      ->check(CLI::Range(1, 100000))
      ->capture_default_str();
  command.add_option("--qos", request->qos, "QoS of the messages")
      ->check(CLI::Range(0, 2))
      ->capture_default_str();
  command.add_option("--decisions", request->decisions_file,
                     "Write each decision to this CSV file (asset,step_end_ns,score,alarm)");
  command.callback([&context, request] {
    const auto figures = Run(*request);
    if (!figures) {
      const bool away = figures.error().code == Errc::kUnavailable;
      return FailWith(context, figures.error(), away ? kBrokerHint : std::string_view());
    }
    Report(*figures, context);
  });
}

}  // namespace millwright::cli

#include "mqtt/fake.h"

#include <chrono>
#include <utility>

#include "os/files.h"

namespace millwright::mqtt {

bool TopicMatches(std::string_view filter, std::string_view topic) {
  // MQTT 4.7.2: a wildcard in the first level does not match topics that begin with $.
  if (!topic.empty() && topic[0] == '$' && !filter.empty() && filter[0] != '$') return false;
  while (true) {
    const size_t filter_slash = filter.find('/');
    const size_t topic_slash = topic.find('/');
    const std::string_view level = filter.substr(0, filter_slash);
    if (level == "#") return true;
    if (level != "+" && level != topic.substr(0, topic_slash)) return false;
    if (filter_slash == std::string_view::npos) return topic_slash == std::string_view::npos;
    filter.remove_prefix(filter_slash + 1);
    if (topic_slash == std::string_view::npos) return filter == "#";  // a/# matches a
    topic.remove_prefix(topic_slash + 1);
  }
}

void FakeBroker::Queue(Session& session, const Stored& message, int qos, bool retained) {
  if (!session.online && qos == 0) return;
  if (session.queue.size() >= queue_max_) {
    ++counts_.dropped_queue;
    return;
  }
  session.queue.push_back({message.topic, message.payload, qos, retained});
  if (qos == 1 && duplicates_ > 0) {
    --duplicates_;
    session.queue.push_back(session.queue.back());
  }
}

void FakeBroker::Route(const Stored& message) {
  ++counts_.published;
  if (message.retain) {
    if (message.payload.empty())
      retained_.erase(message.topic);
    else
      retained_[message.topic] = message;
  }
  for (auto& [id, session] : sessions_) {
    int best = -1;  // overlapping subscriptions deliver once, at their highest QoS
    for (const auto& [filter, qos] : session.subscriptions)
      if (TopicMatches(filter, message.topic)) best = std::max(best, qos);
    if (best >= 0) Queue(session, message, std::min(best, message.qos), false);
  }
  changed_.notify_all();
}

void FakeBroker::Drop(Session& session, bool publish_will) {
  if (!session.online) return;
  session.online = false;
  std::erase_if(session.queue, [](const Stored& m) { return m.qos == 0; });
  const std::optional<Will> will = std::exchange(session.will, std::nullopt);
  if (session.clean) {
    session.subscriptions.clear();
    session.queue.clear();
  }
  if (publish_will && will) Route({will->topic, will->payload, will->qos, will->retain});
  changed_.notify_all();
}

void FakeBroker::SetUp(bool up, bool forget) {
  const MutexLock lock(mutex_);
  up_ = up;
  if (up) return;
  for (auto& [id, session] : sessions_) Drop(session, false);
  if (!forget) return;
  for (auto& [id, session] : sessions_) {
    session.subscriptions.clear();
    session.queue.clear();
  }
  retained_.clear();
}

void FakeBroker::SetLink(const std::string& client_id, bool up) {
  const MutexLock lock(mutex_);
  Session& session = sessions_[client_id];
  session.link_up = up;
  if (!up) Drop(session, true);
}

void FakeBroker::LoseAcks(const std::string& client_id, int count) {
  const MutexLock lock(mutex_);
  sessions_[client_id].acks_to_lose = count;
}

void FakeBroker::Duplicate(int count) {
  const MutexLock lock(mutex_);
  duplicates_ = count;
}

void FakeBroker::Publish(std::string_view topic, std::string_view payload, int qos, bool retain) {
  const MutexLock lock(mutex_);
  Route({std::string(topic), std::string(payload), qos, retain});
}

std::optional<std::string> FakeBroker::Retained(const std::string& topic) const {
  const MutexLock lock(mutex_);
  const auto found = retained_.find(topic);
  if (found == retained_.end()) return std::nullopt;
  return found->second.payload;
}

FakeBrokerCounts FakeBroker::counts() const {
  const MutexLock lock(mutex_);
  return counts_;
}

bool FakeBroker::connected(const std::string& client_id) const {
  const MutexLock lock(mutex_);
  const auto found = sessions_.find(client_id);
  return found != sessions_.end() && found->second.online;
}

class FakeClient : public Client {
 public:
  FakeClient(FakeBroker& broker, Options options) : broker_(broker), options_(std::move(options)) {}
  ~FakeClient() override { Vanish(); }
  FakeClient(const FakeClient&) = delete;
  FakeClient& operator=(const FakeClient&) = delete;

  [[nodiscard]] Result<void> Start(Listener& listener) override {
    if (listener_ != nullptr) return Fail(Errc::kConflict, "mqtt: client is already started");
    listener_ = &listener;
    return {};
  }

  void Poll(Nanos wait_max) override {
    if (listener_ == nullptr) return;
    NoticeLoss();
    if (!connected_) Connect();
    if (TakeOne() || wait_max <= 0) {
      while (TakeOne()) {
      }
      return;
    }
    const MutexLock lock(broker_.mutex_);
    if (!woken_ && !Pending())
      broker_.changed_.wait_for(broker_.mutex_, std::chrono::nanoseconds(wait_max));
    woken_ = false;
  }

  void Wake() override {
    const MutexLock lock(broker_.mutex_);
    woken_ = true;
    broker_.changed_.notify_all();
  }

  [[nodiscard]] Result<int> Publish(std::string_view topic, std::span<const std::byte> payload,
                                    int qos, bool retain) override {
    const MutexLock lock(broker_.mutex_);
    if (!connected_ || !Live()) return Fail(Errc::kUnavailable, "mqtt: not connected");
    if (qos > 0 && inflight_.size() >= static_cast<size_t>(options_.inflight_max) * 4)
      return Fail(Errc::kExhausted, "mqtt: too many messages wait for their acknowledgement");
    const int id = next_id_++;
    const FakeBroker::Stored message{std::string(topic), std::string(os::AsText(payload)), qos,
                                     retain};
    if (qos > 0) inflight_[id] = message;
    Hand(id, message);
    return id;
  }

  [[nodiscard]] Result<void> Subscribe(std::string_view filter, int qos) override {
    subscriptions_[std::string(filter)] = qos;
    const MutexLock lock(broker_.mutex_);
    if (connected_ && Live()) Register(std::string(filter), qos);
    return {};
  }

  [[nodiscard]] bool connected() const override { return connected_; }
  [[nodiscard]] size_t unacked() const override { return inflight_.size(); }

  void Reconnect() override {
    const MutexLock lock(broker_.mutex_);
    if (connected_ && Live()) broker_.Drop(Mine(), false);  // the next Poll notices, and connects
  }

  void Stop() override {
    const MutexLock lock(broker_.mutex_);
    if (connected_ && Live()) broker_.Drop(Mine(), false);
    connected_ = false;
    listener_ = nullptr;
  }

 private:
  // Everything below that touches the broker runs under its mutex; clang cannot see through the
  // reference.
  FakeBroker::Session& Mine() MW_REQUIRES(broker_.mutex_) {
    return broker_.sessions_[options_.client_id];
  }
  bool Live() MW_REQUIRES(broker_.mutex_) {
    const FakeBroker::Session& session = Mine();
    return session.online && session.connection == connection_;
  }
  bool Pending() MW_REQUIRES(broker_.mutex_) {
    return (connected_ && !Live()) || (!acks_.empty()) || (connected_ && !Mine().queue.empty());
  }

  // The process dies or the object goes: the broker sees a broken connection.
  void Vanish() {
    const MutexLock lock(broker_.mutex_);
    if (connected_ && Live()) broker_.Drop(Mine(), true);
  }

  void NoticeLoss() {
    {
      const MutexLock lock(broker_.mutex_);
      if (!connected_ || Live()) return;
    }
    connected_ = false;
    acks_.clear();
    listener_->OnDisconnected("connection lost");
  }

  void Connect() {
    bool present = false;
    {
      const MutexLock lock(broker_.mutex_);
      FakeBroker::Session& session = Mine();
      if (!broker_.up_ || !session.link_up) return;
      broker_.Drop(session, true);  // a second client of this id takes the session over
      if (options_.clean_session) {
        session.subscriptions.clear();
        session.queue.clear();
      }
      present = !session.subscriptions.empty();
      session.online = true;
      session.clean = options_.clean_session;
      session.will = options_.will;
      session.connection = connection_ = ++broker_.connections_;
      connected_ = true;
      for (const auto& [filter, qos] : subscriptions_) Register(filter, qos);
      // Unacknowledged QoS 1 messages go again; of QoS 2 the broker already has the message.
      for (const auto& [id, message] : inflight_) {
        if (message.qos == 1)
          Hand(id, message);
        else
          acks_.push_back(id);
      }
    }
    listener_->OnConnected(present);
  }

  void Hand(int id, const FakeBroker::Stored& message) MW_REQUIRES(broker_.mutex_) {
    broker_.Route(message);
    FakeBroker::Session& session = Mine();
    if (message.qos > 0 && session.acks_to_lose > 0) {
      --session.acks_to_lose;
      broker_.Drop(session, true);
      return;
    }
    acks_.push_back(id);
  }

  void Register(const std::string& filter, int qos) MW_REQUIRES(broker_.mutex_) {
    Mine().subscriptions[filter] = qos;
    for (const auto& [topic, message] : broker_.retained_)
      if (TopicMatches(filter, topic))
        broker_.Queue(Mine(), message, std::min(qos, message.qos), true);
  }

  // Delivers one acknowledgement or message, outside the lock: the listener may publish.
  bool TakeOne() {
    if (!acks_.empty()) {
      const int id = acks_.front();
      acks_.pop_front();
      inflight_.erase(id);
      listener_->OnPublished(id);
      return listener_ != nullptr;
    }
    FakeBroker::Stored message;
    {
      const MutexLock lock(broker_.mutex_);
      if (!connected_ || !Live() || Mine().queue.empty()) return false;
      message = std::move(Mine().queue.front());
      Mine().queue.pop_front();
      ++broker_.counts_.delivered;
    }
    listener_->OnMessage(
        {message.topic, os::AsBytes(message.payload), message.qos, message.retain});
    return listener_ != nullptr;
  }

  FakeBroker& broker_;
  const Options options_;
  Listener* listener_ = nullptr;
  std::map<std::string, int> subscriptions_;
  std::map<int, FakeBroker::Stored> inflight_;
  std::deque<int> acks_;
  uint64_t connection_ = 0;
  int next_id_ = 1;
  bool connected_ = false;
  bool woken_ = false;
};

std::unique_ptr<Client> FakeBroker::MakeClient(Options options) {
  return std::make_unique<FakeClient>(*this, std::move(options));
}

}  // namespace millwright::mqtt

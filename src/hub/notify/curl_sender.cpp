#include <curl/curl.h>

#include <algorithm>
#include <cstring>
#include <mutex>

#include "core/check.h"
#include "hub/notify/sender.h"

namespace millwright::hub::notify {
namespace {

constexpr size_t kSecretBytesMax = 4096;
constexpr size_t kAnswerBytesMax = size_t{64} << 10;

struct EasyDeleter {
  void operator()(CURL* handle) const { curl_easy_cleanup(handle); }
};
using Easy = std::unique_ptr<CURL, EasyDeleter>;
struct ListDeleter {
  void operator()(curl_slist* list) const { curl_slist_free_all(list); }
};
using List = std::unique_ptr<curl_slist, ListDeleter>;

void Push(List& list, const std::string& line) {
  curl_slist* longer = curl_slist_append(list.get(), line.c_str());
  MW_CHECK(longer != nullptr);
  static_cast<void>(list.release());
  list.reset(longer);
}

struct Upload {
  std::string_view rest;
};
size_t Give(char* to, size_t size, size_t count, void* from) {
  auto& upload = *static_cast<Upload*>(from);
  const size_t bytes = std::min(size * count, upload.rest.size());
  std::memcpy(to, upload.rest.data(), bytes);
  upload.rest.remove_prefix(bytes);
  return bytes;
}

// What a webhook answers is not read; one that goes on and on is cut off.
size_t Drop(char* /*data*/, size_t size, size_t count, void* seen) {
  auto& bytes = *static_cast<size_t*>(seen);
  bytes += size * count;
  return bytes <= kAnswerBytesMax ? size * count : 0;
}

std::string WordsOf(CURLcode code, const char* detail) {
  const std::string words = detail[0] != '\0' ? detail : curl_easy_strerror(code);
  return words.substr(0, 300);
}

class CurlSender : public Sender {
 public:
  CurlSender(const Options& options, std::string password)
      : options_(options), password_(std::move(password)) {
    static std::once_flag once;
    std::call_once(once, [] { MW_CHECK(curl_global_init(CURL_GLOBAL_DEFAULT) == CURLE_OK); });
  }

  Outcome Mail(const std::string& to, const std::string& mime) override {
    const SmtpOptions& smtp = options_.smtp;
    const Easy easy = Begin(smtp.timeout, smtp.ca_file);
    CURL* const handle = easy.get();
    const bool ipv6 = smtp.host.find(':') != std::string::npos;
    const std::string url = std::string(smtp.tls == SmtpOptions::Tls::kTls ? "smtps" : "smtp") +
                            "://" + (ipv6 ? "[" + smtp.host + "]" : smtp.host) + ":" +
                            std::to_string(smtp.port);
    curl_easy_setopt(handle, CURLOPT_URL, url.c_str());
    curl_easy_setopt(handle, CURLOPT_PROTOCOLS_STR, "smtp,smtps");
    const bool tls = smtp.tls != SmtpOptions::Tls::kNone;
    curl_easy_setopt(handle, CURLOPT_USE_SSL, long{tls ? CURLUSESSL_ALL : CURLUSESSL_NONE});
    if (!smtp.username.empty()) {
      curl_easy_setopt(handle, CURLOPT_USERNAME, smtp.username.c_str());
      curl_easy_setopt(handle, CURLOPT_PASSWORD, password_.c_str());
    }
    const std::string from = "<" + smtp.from + ">";
    curl_easy_setopt(handle, CURLOPT_MAIL_FROM, from.c_str());
    List receivers;
    Push(receivers, "<" + to + ">");
    curl_easy_setopt(handle, CURLOPT_MAIL_RCPT, receivers.get());
    Upload upload{mime};
    curl_easy_setopt(handle, CURLOPT_UPLOAD, 1L);
    curl_easy_setopt(handle, CURLOPT_READFUNCTION, Give);
    curl_easy_setopt(handle, CURLOPT_READDATA, &upload);
    const CURLcode code = curl_easy_perform(handle);
    if (code == CURLE_OK) return {};
    const long answer = AnswerOf(handle);
    // A wrong password is ours to mend, and may be mended while the mail waits.
    const bool refused = answer >= 500 && answer < 600 && code != CURLE_LOGIN_DENIED;
    return {refused ? Outcome::What::kRefused : Outcome::What::kAgain,
            "mail server: " + WordsOf(code, words_) +
                (answer > 0 ? " (" + std::to_string(answer) + ")" : "")};
  }

  Outcome Webhook(const Post& post) override {
    const Easy easy = Begin(options_.webhook_timeout, options_.webhook_ca_file);
    CURL* const handle = easy.get();
    curl_easy_setopt(handle, CURLOPT_URL, post.url.c_str());
    curl_easy_setopt(handle, CURLOPT_PROTOCOLS_STR, "http,https");
    curl_easy_setopt(handle, CURLOPT_FOLLOWLOCATION, 0L);
    curl_easy_setopt(handle, CURLOPT_POSTFIELDS, post.body.c_str());
    curl_easy_setopt(handle, CURLOPT_POSTFIELDSIZE_LARGE,
                     static_cast<curl_off_t>(post.body.size()));
    List headers;
    Push(headers, "Content-Type: application/json");
    Push(headers, "User-Agent: Millwright");
    Push(headers, "Expect:");
    Push(headers, "Millwright-Delivery: " + post.id);
    Push(headers, "Millwright-Signature: " + post.signature);
    curl_easy_setopt(handle, CURLOPT_HTTPHEADER, headers.get());
    size_t seen = 0;
    curl_easy_setopt(handle, CURLOPT_WRITEFUNCTION, Drop);
    curl_easy_setopt(handle, CURLOPT_WRITEDATA, &seen);
    const CURLcode code = curl_easy_perform(handle);
    const long status = AnswerOf(handle);
    // A status that came was meant, even where the rest of the answer was too long.
    if (code != CURLE_OK && !(code == CURLE_WRITE_ERROR && status > 0))
      return {Outcome::What::kAgain, "webhook: " + WordsOf(code, words_)};
    if (status >= 200 && status < 300) return {};
    const std::string words = "webhook: HTTP status " + std::to_string(status);
    if (status >= 300 && status < 400)
      return {Outcome::What::kRefused, words + ": redirects are not followed"};
    const bool patience = status == 408 || status == 425 || status == 429;
    const bool refused = status >= 400 && status < 500 && !patience;
    return {refused ? Outcome::What::kRefused : Outcome::What::kAgain, words};
  }

 private:
  Easy Begin(Nanos timeout, const std::string& ca_file) {
    Easy easy(curl_easy_init());
    MW_CHECK(easy != nullptr);
    CURL* const handle = easy.get();
    words_[0] = '\0';
    curl_easy_setopt(handle, CURLOPT_ERRORBUFFER, words_);
    curl_easy_setopt(handle, CURLOPT_NOSIGNAL, 1L);  // other threads' signals are theirs
    curl_easy_setopt(handle, CURLOPT_PROXY, "");
    curl_easy_setopt(handle, CURLOPT_TIMEOUT_MS, static_cast<long>(timeout / kMillisecond));
    curl_easy_setopt(handle, CURLOPT_CONNECTTIMEOUT_MS,
                     static_cast<long>(std::min(timeout, 10 * kSecond) / kMillisecond));
    curl_easy_setopt(handle, CURLOPT_SSLVERSION, long{CURL_SSLVERSION_TLSv1_2});
    if (!ca_file.empty()) curl_easy_setopt(handle, CURLOPT_CAINFO, ca_file.c_str());
    return easy;
  }

  static long AnswerOf(CURL* handle) {
    long answer = 0;
    curl_easy_getinfo(handle, CURLINFO_RESPONSE_CODE, &answer);
    return answer;
  }

  const Options options_;
  const std::string password_;
  char words_[CURL_ERROR_SIZE] = {};
};

}  // namespace

Result<std::string> ReadSecret(os::Files& files, const std::string& path) {
  MW_TRY(const os::Bytes bytes, files.Read(path, kSecretBytesMax));
  std::string secret(os::AsText(bytes));
  while (!secret.empty() && (secret.back() == '\n' || secret.back() == '\r')) secret.pop_back();
  if (secret.empty()) return Fail(Errc::kInvalid, "notify: " + path + " holds no secret");
  return secret;
}

Result<std::unique_ptr<Sender>> MakeSender(const Options& options, os::Files& files) {
  std::string password;
  if (!options.smtp.password_file.empty()) {
    MW_TRY(password, ReadSecret(files, options.smtp.password_file));
  }
  return std::make_unique<CurlSender>(options, std::move(password));
}

}  // namespace millwright::hub::notify

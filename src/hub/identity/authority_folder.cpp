#include "hub/identity/authority_folder.h"

#include "crypto/random.h"

namespace millwright::hub {
namespace {

using crypto::Authority;
using crypto::Certificate;
using crypto::PrivateKey;
using crypto::Purpose;

constexpr Nanos kLife = 20 * 365 * 86'400 * kSecond;
constexpr size_t kFileBytesMax = 65'536;

struct Own {
  const char* name;
  const char* key_file;
  const char* certificate_file;
  Purpose purpose;
};
constexpr Own kOwn[] = {
    {"hub", "server.key", "server.pem", Purpose::kServer},
    {"broker", "broker.key", "broker.pem", Purpose::kServer},
    {kHubName.data(), "hub.key", "hub.pem", Purpose::kClient},
};

Result<void> MakeOwn(os::Files& files, const AuthorityFiles& at, const Authority& authority,
                     const Own& own, const std::vector<std::string>& hosts) {
  MW_TRY(const PrivateKey key, PrivateKey::Generate(crypto::Scheme::kEcdsaP256));
  crypto::CertificateTerms terms{.name = own.name,
                                 .purpose = own.purpose,
                                 .from = 0,
                                 .until = authority.certificate().Until()};
  if (own.purpose == Purpose::kServer) terms.hosts = hosts;
  MW_TRY(const Certificate certificate, authority.Issue(key.Public(), terms));
  MW_TRY(const std::string pem, key.Pem());
  MW_TRY(os::WriteSecret(files, at.Path(own.key_file), os::AsBytes(pem)));
  return files.WriteDurably(at.Path(own.certificate_file), os::AsBytes(certificate.Pem()));
}

}  // namespace

Result<Authority> MakeAuthorityFolder(os::Files& files, const AuthorityFiles& at,
                                      const std::vector<std::string>& hosts, Nanos now) {
  if (hosts.empty())
    return Fail(Errc::kInvalid, "identity: no address or name that the hub is reached by");
  if (files.Exists(at.Path("ca.key")))
    return Fail(Errc::kConflict, at.Path("ca.key") + ": there is an authority already");
  MW_TRY(files.MakeFolders(at.folder));
  // Two fleets' authorities must not be taken for one another: the name tells them apart.
  MW_TRY(Authority authority, Authority::Make({.name = "Millwright " + crypto::RandomHex(4),
                                               .purpose = Purpose::kAuthority,
                                               .from = 0,
                                               .until = now + kLife}));
  for (const Own& own : kOwn) MW_TRY(MakeOwn(files, at, authority, own, hosts));
  MW_TRY(files.WriteDurably(at.Path("ca.pem"), os::AsBytes(authority.certificate().Pem())));
  // Last: a folder without this file is none, and is made again after a cut.
  MW_TRY(const std::string pem, authority.key().Pem());
  MW_TRY(os::WriteSecret(files, at.Path("ca.key"), os::AsBytes(pem)));
  return authority;
}

Result<Authority> OpenAuthorityFolder(os::Files& files, const AuthorityFiles& at) {
  const auto named = [](const std::string& path, const Error& error) {
    return Fail(error.code, path + ": " + error.what);
  };
  MW_TRY(const os::Bytes key_pem, files.Read(at.Path("ca.key"), kFileBytesMax));
  MW_TRY(const os::Bytes pem, files.Read(at.Path("ca.pem"), kFileBytesMax));
  auto key = PrivateKey::FromPem(os::AsText(key_pem));
  if (!key) return named(at.Path("ca.key"), key.error());
  auto certificate = Certificate::FromPem(os::AsText(pem));
  if (!certificate) return named(at.Path("ca.pem"), certificate.error());
  return Authority::Open(std::move(*certificate), std::move(*key));
}

}  // namespace millwright::hub

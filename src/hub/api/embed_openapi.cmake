# Writes OUT: FILE as a C++ string. One literal, however it is cut up in the source, may be 64 KiB long at most
# (clang holds to it), so the pieces stay separate ones and are joined at the first call.
file(READ ${FILE} text)
string(LENGTH "${text}" length)
set(pieces "")
set(at 0)
while(at LESS length)
  string(SUBSTRING "${text}" ${at} 16000 piece)
  string(APPEND pieces "    R\"json(${piece})json\",\n")
  math(EXPR at "${at} + 16000")
endwhile()
file(WRITE ${OUT} "#include \"hub/api/openapi.h\"

#include <string>

namespace millwright::hub {
namespace {

constexpr std::string_view kPieces[] = {
${pieces}};

std::string Joined() {
  std::string all;
  for (std::string_view piece : kPieces) {
    all += piece;
  }
  return all;
}

}  // namespace

std::string_view OpenApiDocument() {
  static const std::string document = Joined();
  return document;
}
}  // namespace millwright::hub
")

/** The parts of a script that are the same in all of them. Nothing but bash and `openssl` is called. */

/** A text as one word of bash, in its ANSI-C form: no character of it means anything. */
export const quoted = (text: string): string =>
  `$'${text
    .replaceAll('\\', '\\\\')
    .replaceAll("'", "\\'")
    .replaceAll('\r', '\\r')
    .replaceAll('\n', '\\n')
    .replace(
      /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu,
      (character) => `\\U${(character.codePointAt(0) ?? 0).toString(16).padStart(8, '0')}`,
    )}'`;

/** What it comes to. `shows` is defined by the script; `HEARD` says what came back, empty: nothing. */
export const LOOK = `
HEARD=
decide() {
  if [[ -z $HEARD ]]; then echo 'now: nothing was heard; is the subject up?'; exit 2; fi
  if shows; then echo "now: $HEARD. The defect shows."; exit 1; fi
  echo "now: $HEARD. The defect does not show."; exit 0
}
look() {
  if [[ -z $HEARD ]]; then echo 'now: nothing was heard; is the subject up?'; exit 2; fi
  echo "now: $HEARD. Compare the answer with what is expected."; exit 2
}
decide_or_look() { if [[ -n $HEARD ]] && shows; then decide; else look; fi; }
`.trim();

/** Sends \`$REQUEST\` and reads the answer. */
export const ANSWER = `
base64plain() { local text; text=$(printf %s "$1" | openssl base64 -A); text=\${text%%=*}; printf %s "$text"; }
base64url() { local text; text=$(base64plain "$1"); text=\${text//+/-}; printf %s "\${text//\\//_}"; }
base64padded() {
  local text pad='===='
  text=$(base64url "$1"); printf %s "$text\${pad:0:$((4 - \${#1} % 4))}"
}
fresh() {
  local hex; hex=$(openssl rand -hex 16)
  printf '%s-%s-4%s-a%s-%s' "\${hex:0:8}" "\${hex:8:4}" "\${hex:13:3}" "\${hex:17:3}" "\${hex:20:12}"
}
printf -v now '%(%s)T' -1
STATUS= ALERT= RESULT= IDENTITY=()
# A credential is a leaf with its chain behind it, and a key.
present() {
  local chain; chain=$(<"$1.pem"); chain=\${chain#*-----END CERTIFICATE-----}
  IDENTITY=(-cert "$1.pem" -key "$1.key")
  if [[ $chain == *BEGIN* ]]; then
    exec 4< <(printf %s "$chain"); IDENTITY+=(-cert_chain /dev/fd/4)
  fi
}
send_over_tls() {
  RESULT=$(printf %s "$REQUEST" | openssl s_client -quiet -verify_return_error -cipher 'DEFAULT@SECLEVEL=0' "$@" 2>&1)
  [[ $RESULT =~ 'SSL alert number '([0-9]+) ]] && ALERT=\${BASH_REMATCH[1]}
}
send_in_clear() {
  local line
  exec 3<>"/dev/tcp/$1/$2" || return
  printf %s "$REQUEST" >&3
  while IFS= read -r -t 10 -u 3 line; do RESULT+=$line$'\\n'; done
  RESULT+=\${line-}
  [[ -z $RESULT ]] && HEARD='closed without a byte'
}
say() {
  if [[ $RESULT =~ HTTP/1\\.[01]\\ ([0-9]{3}) ]]; then STATUS=\${BASH_REMATCH[1]} HEARD="HTTP $STATUS"
  elif [[ -n $ALERT ]]; then HEARD="TLS alert $ALERT"
  elif [[ $RESULT == *verify\\ error* ]]; then HEARD=; echo "the server's certificate is not trusted"
  elif [[ $RESULT == *'verify return:1'* && $RESULT != *'errno=111'* ]]; then HEARD='closed without an answer'
  fi
  printf '%s\\n' "$RESULT"
}
has_resource() { [[ $RESULT =~ \\"resourceType\\"[[:space:]]*:[[:space:]]*\\"$1\\" ]]; }
has_header() {
  local line
  while IFS= read -r line; do
    line=\${line,,}
    [[ $line == "$1:"*"$2"* ]] && return 0
  done <<<"$RESULT"
  return 1
}
has_type() { has_header content-type "$1"; }
`.trim();

/** Sends a recorded hello and reads the head of what comes back: OpenSSL would not send such a hello any more. */
export const HELLO = `
PICKS=()
offer() {
  local byte code at bytes=()
  HEARD=
  exec 3<>"/dev/tcp/$1/$2" || return
  printf "$3" >&3
  # A byte that is NUL is read as nothing.
  for ((at = 0; at < 80; at++)); do
    IFS= read -r -d '' -n 1 -t 5 -u 3 byte || break
    printf -v code %d "'$byte"; bytes+=($((code & 255)))
  done
  exec 3>&-
  if ((\${#bytes[@]} == 0)); then HEARD='closed without a byte'
  elif ((bytes[0] == 21 && \${#bytes[@]} >= 7)); then HEARD="TLS alert \${bytes[6]}"
  elif ((bytes[0] == 22 && bytes[5] == 2 && \${#bytes[@]} > 45)); then
    at=$((44 + bytes[43]))
    printf -v HEARD 'ServerHello version %02x%02x, suite %02x%02x' "\${bytes[9]}" "\${bytes[10]}" "\${bytes[at]}" "\${bytes[at + 1]}"
  elif ((bytes[0] >= 128 && bytes[2] == 4)); then HEARD='ServerHello of SSLv2'
  else HEARD='no TLS'
  fi
  PICKS+=("$HEARD")
  echo "$HEARD"
}
`.trim();

# bash completion for rtml, written by "rtml completion bash".

_rtml() {
  local typed="${COMP_LINE:0:COMP_POINT}" line kept breaker
  local -a words=()
  read -ra words <<<"$typed"
  [[ "$typed" == *[[:space:]] ]] && words+=("")
  local current="${words[${#words[@]} - 1]}"
  kept=""
  for breaker in "@" "=" ":"; do
    if [[ "$COMP_WORDBREAKS" == *"$breaker"* && "$current" == *"$breaker"* ]]; then
      local head="${current%"$breaker"*}$breaker"
      ((${#head} > ${#kept})) && kept="$head"
    fi
  done
  COMPREPLY=()
  while IFS= read -r line; do
    case "$line" in
      :path)
        compopt -o filenames
        mapfile -t COMPREPLY < <(compgen -f -- "${current#"$kept"}")
        ;;
      :directory)
        compopt -o filenames
        mapfile -t COMPREPLY < <(compgen -d -- "${current#"$kept"}")
        ;;
      *)
        line="${line%%$'\t'*}"
        COMPREPLY+=("${line#"$kept"}")
        ;;
    esac
  done < <("${words[0]}" __complete "${words[@]:1}" 2>/dev/null)
}

complete -F _rtml rtml

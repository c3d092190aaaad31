#include "cli/completion/scripts.h"

namespace rtml::cli {

// The words are split at blanks here, since bash also splits at "@", "=" and ":", which stand in
// names of versions and options; what bash takes for finished is then cut off again.
std::string_view bash_completion() {
  return R"(# bash completion for rtml, written by "rtml completion bash".

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
)";
}

std::string_view zsh_completion() {
  return R"(#compdef rtml
# zsh completion for rtml, written by "rtml completion zsh".

_rtml() {
  local line
  local -a lines described
  lines=("${(@f)$(command rtml __complete "${(@Q)words[2,CURRENT]}" 2>/dev/null)}")
  for line in $lines; do
    case "$line" in
      :path) _files; return ;;
      :directory) _files -/; return ;;
      *$'\t'*) described+=("${${line%%$'\t'*}//:/\\:}:${line#*$'\t'}") ;;
      ?*) described+=("${line//:/\\:}") ;;
    esac
  done
  _describe rtml described
}

if [[ "$funcstack[1]" == _rtml ]]; then
  _rtml "$@"
else
  compdef _rtml rtml
fi
)";
}

std::string_view fish_completion() {
  return R"(# fish completion for rtml, written by "rtml completion fish".

function __rtml_complete
    set -l words (commandline -opc)
    set -l current (commandline -ct)
    for line in (command rtml __complete $words[2..-1] "$current" 2>/dev/null)
        switch $line
            case ':path'
                __fish_complete_path "$current"
            case ':directory'
                __fish_complete_directories "$current"
            case '*'
                echo $line
        end
    end
end

complete -c rtml -f -a '(__rtml_complete)'
)";
}

}  // namespace rtml::cli

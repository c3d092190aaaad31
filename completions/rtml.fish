# fish completion for rtml, written by "rtml completion fish".

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

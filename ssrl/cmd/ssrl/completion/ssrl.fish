# Completion of ssrl for fish: source it, or put it into fish's folder of completions.
function __ssrl_complete
    set -l words (commandline -opc)
    set -l word (commandline -ct)
    set -l found ($words[1] complete -- $words[2..-1] "$word" 2>/dev/null)
    if test (count $found) -gt 0
        printf '%s\n' $found
    else
        __fish_complete_path $word
    end
end
complete -c ssrl -f -a '(__ssrl_complete)'

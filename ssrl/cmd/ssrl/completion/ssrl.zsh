#compdef ssrl
# Completion of ssrl for zsh: source it after compinit, or name it _ssrl in a folder of fpath.
_ssrl() {
    local -a found names shown
    found=("${(@f)$("$words[1]" complete -- "${(@)words[2,CURRENT]}" 2>/dev/null)}")
    if [[ -z $found[1] ]]; then
        _files
        return
    fi
    names=("${(@)found%%$'\t'*}")
    shown=("${(@)found/$'\t'/ -- }")
    if [[ $names[1] == *= ]]; then
        compadd -S '' -- "$names[@]"
    else
        compadd -l -d shown -- "$names[@]"
    fi
}
if [[ $funcstack[1] == _ssrl ]]; then
    _ssrl "$@"
else
    compdef _ssrl ssrl
fi

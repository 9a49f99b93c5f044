# What all stages share; sourced by them. A set of photographs is a folder with a folder for each kind.
PYTHON="${PYTHON:-python}"

# The kinds drawn at a share of their own, whatever number of them there is; the rest goes by size.
SHARES=(people=0.17 clothes=0.10 rooms=0.20 sport=0.13 animals=0.08)

# Sets DATA: the options for a set's kinds, and the shares of those that are there.
data_of() {
    DATA=()
    for kind in "$1"/*/; do DATA+=(--data "${kind%/}"); done
    for share in "${SHARES[@]}"; do
        if [ -d "$1/${share%=*}" ]; then DATA+=(--share "$share"); fi
    done
    DATA+=(--colorful 0.5)
}

# The recipe of vidcolor-base: critics on features from the beginning, heard beside what is supervised.
RECIPE=(--recipe nogan --discriminator features --gan hinge --discriminator-rate 5e-4
    --loss adversarial=0.3 --loss matching=1 --batch 16 --final-share 0
    --encoder-rate 1e-4 --decoder-rate 4e-4 --frozen-levels 2
    --critic-share 0.035 --joint-share 0.965 --joint-rate 0.5 --joint-every 500
    --hint-share 0.2 --save-every 250 --precision bf16)

# stage RUN DEFAULT_LENGTH OPTION...: begins the run, or goes on with it where it was stopped. Of what a
# user adds (ADDED), a length replaces the default one; a run that goes on takes no other options.
stage() {
    local run="$1" length=(--steps "$2")
    shift 2
    case " ${ADDED[*]-} " in *" --hours "* | *" --steps "*) length=() ;; esac
    if [ -e "$run/state.pt" ]; then
        exec "$PYTHON" -m vidcolor train --resume "$run" "${ADDED[@]}"
    fi
    exec "$PYTHON" -m vidcolor train "${DATA[@]}" --out "$run" "$@" "${length[@]}" "${ADDED[@]}"
}

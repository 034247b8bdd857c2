# package: make
# set: quick
# does: 1500 targets, pattern rules, functions, -j2
# needs: make

prepare() {
    cat >Makefile <<'MK'
names := $(shell seq 1500)
words := $(foreach n,$(names),$(if $(findstring 7,$(n)),seven$(n),plain$(n)))
upper = $(subst a,A,$(subst b,B,$1))
all: $(names:%=t-%)
	@echo $(words $(words)) $(call upper,$(lastword $(sort $(words)))) $(filter seven77%,$(words))
t-%: d-%
	@:
d-%:
	$(if $(filter %00,$*),@echo hundred $*,@:)
define block
.PHONY: e-$(1)
e-$(1): ; @:
endef
$(foreach n,$(names),$(eval $(call block,$(n))))
MK
}

run() {
    # Two jobs print in the order in which they end.
    make -r -j2 -f "$IN/Makefile" | sort
    make -r -n -f "$IN/Makefile" | cksum
}

/* SPDX-License-Identifier: Apache-2.0 */
/* Private to inventory/: what compilers leave in programs about the packages that went into them. */
#ifndef TALLYMAN_INVENTORY_PROGRAM_H
#define TALLYMAN_INVENTORY_PROGRAM_H

#include "inventory/elf.h"
#include "model/record.h"

/* Go: the section .go.buildinfo (package debug/buildinfo). */
int go_program(const struct elf *elf, struct record_sink *sink, struct error *err) _must_check_;
/* Rust: the section .dep-v0 of cargo-auditable. */
int rust_program(const struct elf *elf, struct record_sink *sink, struct error *err) _must_check_;

#endif

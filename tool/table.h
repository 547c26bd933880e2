/* SPDX-License-Identifier: GPL-2.0-or-later */
/* table.h - draw the cells: tests down the side, targets across the top */
#ifndef TOOL_TABLE_H
#define TOOL_TABLE_H

#include "tool/run.h"

#define TABLE_LETTER_WIDTH   2 /* of a cell: the letter, and the mark */
#define TABLE_MIN_TEST_WIDTH 16

/*
 * Draw the table of all rows that ran. Cells are words where that fits the terminal's width;
 * otherwise one letter, under column names that are written downwards, and then the legend of the
 * letters that occur follows.
 */
void table_print(const struct run *run);

/* The names of the targets, written downwards: one each TABLE_LETTER_WIDTH columns. */
void table_print_letter_header(const struct run *run, int test_width);

#endif

/* SPDX-License-Identifier: GPL-2.0-or-later */
/* parse_condition.c - `locations`, and the condition on the final state */
#include "litmus/parse.h"
#include "litmus/print.h"

#include <limits.h>

/* Bounds that keep the tree's depth small, whatever the text is. */
#define MAX_DEPTH 64
#define MAX_TERMS 256

/* "x" or "x[1]", as this task sees it */
static bool parse_memory(struct litmus_parser *parser, struct litmus_observable *observable)
{
	const struct litmus_test *test = parser->test;
	const struct litmus_var *var = &test->vars[observable->addr.var];

	observable->kind = LITMUS_OBSERVE_MEMORY;
	if (!litmus_next(parser))
		return false;
	if (!litmus_at(parser, '['))
		return true;
	return litmus_index(parser, var->name, test->objects[var->object].nr_pages,
			    &observable->addr.page);
}

/* What follows "0:": a register, `status` or a variable. */
static bool parse_of_task(struct litmus_parser *parser, struct litmus_observable *observable)
{
	const struct litmus_test *test = parser->test;
	const struct litmus_task *task = &test->tasks[observable->task];
	struct litmus_nearest nearest = {.token = &parser->token};
	char expected[64];

	snprintf(expected, sizeof(expected), "a register of P%d, a variable or 'status'",
		 observable->task);
	if (!litmus_at(parser, LITMUS_TOKEN_NAME))
		return litmus_unexpected(parser, expected);
	if (litmus_at_word(parser, "status")) {
		observable->kind = LITMUS_OBSERVE_STATUS;
		return litmus_next(parser);
	}
	observable->addr.var = litmus_find_var(test, &parser->token);
	if (observable->addr.var >= 0)
		return parse_memory(parser, observable);
	observable->addr.var = 0;
	observable->kind = LITMUS_OBSERVE_REGISTER;
	observable->reg = litmus_find_register(task, &parser->token);
	if (observable->reg >= 0)
		return litmus_next(parser);
	for (int i = 0; i < task->nr_registers; i++)
		litmus_try_name(&nearest, task->registers[i].name);
	for (int i = 0; i < test->nr_vars; i++)
		litmus_try_name(&nearest, test->vars[i].name);
	return litmus_unknown(parser, &nearest, "register", expected);
}

/* A name without a task in front of it. */
static bool parse_global(struct litmus_parser *parser, struct litmus_observable *observable)
{
	const struct litmus_test *test = parser->test;
	struct litmus_nearest nearest = {.token = &parser->token};

	observable->addr.var = litmus_find_var(test, &parser->token);
	if (observable->addr.var >= 0)
		return parse_memory(parser, observable);
	for (int i = 0; i < test->nr_tasks; i++)
		if (litmus_find_register(&test->tasks[i], &parser->token) >= 0)
			return litmus_fail(&parser->source, parser->token.pos,
					   "'%.*s' is a register, expected its task: '%d:%.*s'",
					   (int)parser->token.length, parser->token.text, i,
					   (int)parser->token.length, parser->token.text);
	for (int i = 0; i < test->nr_vars; i++)
		litmus_try_name(&nearest, test->vars[i].name);
	return litmus_unknown(parser, &nearest, "variable", "one such as 'x', or '0:r0'");
}

/* "0:r0", "0:status", "x", "1:x[1]"; gives the observable's index. */
static bool parse_observable(struct litmus_parser *parser, int *index)
{
	const struct litmus_test *test = parser->test;
	struct litmus_observable observable = {0};
	struct litmus_pos pos = parser->token.pos;
	int64_t task;

	if (litmus_at(parser, LITMUS_TOKEN_NAME)) {
		if (!parse_global(parser, &observable))
			return false;
	} else {
		if (!litmus_at(parser, LITMUS_TOKEN_NUMBER))
			return litmus_unexpected(parser, "something such as '0:r0' or 'x'");
		if (!litmus_number(parser, 0, test->nr_tasks - 1, "the number of a task", &task) ||
		    !litmus_expect(parser, ':', "':'"))
			return false;
		observable.task = (int)task;
		if (!parse_of_task(parser, &observable))
			return false;
	}
	*index = litmus_observe(parser, pos, &observable);
	if (*index < 0)
		return false;
	parser->layout->named[*index] = true;
	return true;
}

/* "locations [0:r0; x;]", which may be absent. */
bool litmus_parse_locations(struct litmus_parser *parser)
{
	struct litmus_layout *layout = parser->layout;
	int capacity = 0;

	if (!litmus_at_word(parser, "locations"))
		return true;
	if (!litmus_begin_item(parser, &layout->locations_item) || !litmus_next(parser) ||
	    !litmus_expect(parser, '[', "'['"))
		return false;
	do {
		int *locations =
			litmus_arena_grow(parser->arena, layout->locations, layout->nr_locations,
					  &capacity, sizeof(*locations));

		if (!locations)
			return litmus_fail_memory(&parser->source);
		layout->locations = locations;
		if (!parse_observable(parser, &locations[layout->nr_locations]))
			return false;
		layout->nr_locations++;
		if (litmus_at(parser, ']'))
			break;
		if (!litmus_expect(parser, ';', "';' or ']'"))
			return false;
	} while (!litmus_at(parser, ']'));
	return litmus_next(parser) && litmus_end_item(parser, &layout->locations_item);
}

static struct litmus_prop *new_prop(struct litmus_parser *parser, enum litmus_prop_kind kind,
				    struct litmus_prop *left, struct litmus_prop *right)
{
	struct litmus_prop *prop = litmus_arena_alloc(parser->arena, sizeof(*prop));

	if (!prop) {
		litmus_fail_memory(&parser->source);
		return NULL;
	}
	prop->kind = kind;
	prop->left = left;
	prop->right = right;
	return prop;
}

/* "EFAULT" or "SIGSEGV" */
static bool parse_constant(struct litmus_parser *parser, bool negative, int64_t *value)
{
	struct litmus_nearest nearest = {.token = &parser->token};

	for (int i = 0; i < litmus_nr_constants; i++) {
		const struct litmus_constant *constant = &litmus_constants[i];

		if ((constant->value < 0) != negative)
			continue;
		if (litmus_token_is(&parser->token, constant->name)) {
			*value = constant->value;
			return litmus_next(parser);
		}
		litmus_try_name(&nearest, constant->name);
	}
	if (negative)
		return litmus_unknown(parser, &nearest, "error", "one such as 'EFAULT'");
	return litmus_unknown(
		parser, &nearest, "value",
		"a number, an error such as '-EFAULT', a signal such as 'SIGSEGV' or an "
		"event such as 'UFFD_EVENT_FORK'");
}

static bool is_event(int64_t value)
{
	return value >= LITMUS_UFFD_EVENT_PAGEFAULT && value <= LITMUS_UFFD_EVENT_UNMAP;
}

/* Does a task give the register what read() returned, itself or by way of another register? */
static bool takes_events(const struct litmus_task *task, int reg)
{
	for (int i = 0; i < task->nr_ops; i++)
		if (task->ops[i].dest == reg &&
		    (task->ops[i].code == LITMUS_READ || task->ops[i].code == LITMUS_MOVE))
			return true;
	return false;
}

/* Could the observable ever have this value? If not, the test doesn't mean what it says. */
static bool check_term(const struct litmus_parser *parser, struct litmus_pos pos,
		       const struct litmus_observable *observable, int64_t value)
{
	bool signal = value == LITMUS_SIGKILL || value == LITMUS_SIGBUS || value == LITMUS_SIGSEGV;

	if (observable->kind == LITMUS_OBSERVE_STATUS && value && !signal)
		return litmus_fail(&parser->source, pos,
				   "no status is so, expected 0, SIGSEGV, SIGBUS or SIGKILL");
	if (observable->kind == LITMUS_OBSERVE_REGISTER && signal)
		return litmus_fail(&parser->source, pos,
				   "no register holds a signal, expected a number or an error");
	if (observable->kind == LITMUS_OBSERVE_REGISTER && is_event(value) &&
	    !takes_events(&parser->test->tasks[observable->task], observable->reg))
		return litmus_fail(&parser->source, pos,
				   "no read() gives this register an event, expected a number or "
				   "an error");
	if (observable->kind == LITMUS_OBSERVE_MEMORY &&
	    (value == LITMUS_SIGKILL || is_event(value)))
		return litmus_fail(&parser->source, pos,
				   "no memory reads so, expected a number or SIGSEGV");
	return true;
}

static bool parse_term_value(struct litmus_parser *parser, int64_t *value)
{
	struct litmus_token minus = parser->token;
	struct litmus_lexer lexer = parser->lexer;

	if (litmus_at(parser, LITMUS_TOKEN_NAME))
		return parse_constant(parser, false, value);
	if (litmus_at(parser, '-')) {
		if (!litmus_next(parser))
			return false;
		if (litmus_at(parser, LITMUS_TOKEN_NAME))
			return parse_constant(parser, true, value);
		parser->token = minus;
		parser->lexer = lexer;
	}
	return litmus_number(parser, INT_MIN, INT_MAX, "an int", value);
}

/* "0:r0=2" or "x!=3" */
static bool parse_term(struct litmus_parser *parser, struct litmus_prop **prop)
{
	struct litmus_pos pos;
	int observable;

	if (!parse_observable(parser, &observable))
		return false;
	if (!litmus_at(parser, '=') && !litmus_at(parser, LITMUS_TOKEN_DIFFER))
		return litmus_unexpected(parser, "'=' or '!='");
	*prop = new_prop(parser, litmus_at(parser, '=') ? LITMUS_PROP_EQUAL : LITMUS_PROP_DIFFER,
			 NULL, NULL);
	if (!*prop || !litmus_next(parser))
		return false;
	pos = parser->token.pos;
	(*prop)->observable = observable;
	return parse_term_value(parser, &(*prop)->value) &&
	       check_term(parser, pos, &parser->test->observables[observable], (*prop)->value);
}

static bool parse_or(struct litmus_parser *parser, struct litmus_prop **prop);

static bool parse_not(struct litmus_parser *parser, struct litmus_prop **prop);

static bool fail_depth(const struct litmus_parser *parser, struct litmus_pos pos)
{
	return litmus_fail(&parser->source, pos,
			   "proposition nested too deeply, expected at most %d levels", MAX_DEPTH);
}

/* What stands behind "~" or "(", one level down. */
static bool parse_inner(struct litmus_parser *parser, struct litmus_prop **prop)
{
	bool parenthesis = litmus_at(parser, '(');

	if (parser->depth == MAX_DEPTH)
		return fail_depth(parser, parser->token.pos);
	parser->depth++;
	if (!litmus_next(parser))
		return false;
	if (parenthesis) {
		if (!parse_or(parser, prop) || !litmus_expect(parser, ')', "'/\\', '\\/' or ')'"))
			return false;
	} else {
		if (!parse_not(parser, prop))
			return false;
		*prop = new_prop(parser, LITMUS_PROP_NOT, *prop, NULL);
	}
	parser->depth--;
	return *prop;
}

static bool parse_not(struct litmus_parser *parser, struct litmus_prop **prop)
{
	if (litmus_at(parser, '~') || litmus_at(parser, '('))
		return parse_inner(parser, prop);
	if (parser->nr_terms++ == MAX_TERMS)
		return litmus_fail(&parser->source, parser->token.pos,
				   "one term too many, expected at most %d", MAX_TERMS);
	if (litmus_at_word(parser, "true")) {
		*prop = new_prop(parser, LITMUS_PROP_TRUE, NULL, NULL);
		return *prop && litmus_next(parser);
	}
	if (!litmus_at(parser, LITMUS_TOKEN_NAME) && !litmus_at(parser, LITMUS_TOKEN_NUMBER))
		return litmus_unexpected(parser, "a term such as '0:r0=2', 'true', '~' or '('");
	return parse_term(parser, prop);
}

static bool parse_and(struct litmus_parser *parser, struct litmus_prop **prop)
{
	struct litmus_prop *right;

	if (!parse_not(parser, prop))
		return false;
	while (litmus_at(parser, LITMUS_TOKEN_AND)) {
		if (!litmus_next(parser) || !parse_not(parser, &right))
			return false;
		*prop = new_prop(parser, LITMUS_PROP_AND, *prop, right);
		if (!*prop)
			return false;
	}
	return true;
}

static bool parse_or(struct litmus_parser *parser, struct litmus_prop **prop)
{
	struct litmus_prop *right;

	if (!parse_and(parser, prop))
		return false;
	while (litmus_at(parser, LITMUS_TOKEN_OR)) {
		if (!litmus_next(parser) || !parse_and(parser, &right))
			return false;
		*prop = new_prop(parser, LITMUS_PROP_OR, *prop, right);
		if (!*prop)
			return false;
	}
	return true;
}

static bool parse_quantifier(struct litmus_parser *parser)
{
	enum litmus_quantifier *quantifier = &parser->test->quantifier;
	bool negated = litmus_at(parser, '~');

	if (negated && !litmus_next(parser))
		return false;
	if (litmus_at_word(parser, "exists"))
		*quantifier = negated ? LITMUS_NOT_EXISTS : LITMUS_EXISTS;
	else if (litmus_at_word(parser, "forall") && !negated)
		*quantifier = LITMUS_FORALL;
	else
		return litmus_unexpected(parser, negated ? "'exists'"
							 : "another task, 'locations', 'exists', "
							   "'~exists' or 'forall'");
	return litmus_next(parser);
}

bool litmus_parse_condition(struct litmus_parser *parser)
{
	struct litmus_item *item = &parser->layout->condition;
	struct litmus_pos pos = parser->token.pos;

	if (!litmus_begin_item(parser, item) || !parse_quantifier(parser) ||
	    !parse_or(parser, &parser->test->prop) || !litmus_end_item(parser, item))
		return false;
	/* The canonical text may have parentheses that this one does without. */
	if (litmus_prop_depth(parser->test->prop) > MAX_DEPTH)
		return fail_depth(parser, pos);
	return true;
}

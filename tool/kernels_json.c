/* SPDX-License-Identifier: GPL-2.0-or-later */
/* kernels_json.c - the kernels for virtual machines as JSON; cowherd(1) describes its keys */

#include "tool/kernels.h"

#include "tool/json.h"

static json_t *kernel_object(struct json *json, const struct kernel *kernel)
{
	json_t *object = json_object(), *modules = json_array();

	for (int i = 0; i < kernel->nr_modules; i++)
		json_push(json, modules, json_text(kernel->modules[i]));
	json_put(json, object, "name", json_text(kernel->name));
	json_put(json, object, "version", json_text(kernel->version));
	json_put(json, object, "era", json_text(kernels_era(kernel->version)));
	json_put(json, object, "release", json_text(kernel->release));
	json_put(json, object, "size", json_integer((json_int_t)kernel->size));
	json_put(json, object, "from", json_text(kernel->origin));
	json_put(json, object, "package", json_text(kernel->package));
	json_put(json, object, "image", json_text(kernel->image));
	json_put(json, object, "modules", modules);
	return object;
}

int kernels_in_json(const struct kernel_list *list, struct tool_io *io)
{
	json_t *document = json_object(), *kernels = json_array(), *broken = json_array();
	struct json json = {0};

	for (int i = 0; i < list->nr; i++)
		json_push(&json, kernels, kernel_object(&json, &list->kernels[i]));
	for (int i = 0; i < list->nr_broken; i++) {
		json_t *object = json_object();

		json_put(&json, object, "name", json_text(list->broken[i].name));
		json_put(&json, object, "why", json_text(list->broken[i].why));
		json_push(&json, broken, object);
	}
	json_put(&json, document, "cowherd", json_string(COWHERD_VERSION));
	json_put(&json, document, "kernels", kernels);
	json_put(&json, document, "broken", broken);
	return json_print(&json, document, io);
}

static json_t *offer_object(struct json *json, const struct kernel_offer *offer,
			    const struct kernel *cached)
{
	json_t *object = json_object();

	json_put(json, object, "name", json_text(offer->name));
	json_put(json, object, "version", json_text(offer->version));
	json_put(json, object, "era", json_text(kernels_era(offer->version)));
	json_put(json, object, "release", json_text(offer->release));
	json_put(json, object, "size", json_integer((json_int_t)offer->size));
	json_put(json, object, "suite", json_text(offer->suite));
	json_put(json, object, "package", json_text(offer->package));
	json_put(json, object, "cached", json_text(cached ? cached->version : NULL));
	return object;
}

int offers_in_json(const struct kernel_offers *offers, const struct kernel_list *cached,
		   struct tool_io *io)
{
	json_t *document = json_object(), *array = json_array();
	struct json json = {0};

	for (int i = 0; i < offers->nr; i++) {
		const struct kernel_offer *offer = &offers->offers[i];

		json_push(&json, array,
			  offer_object(&json, offer, kernels_named(cached, offer->name)));
	}
	json_put(&json, document, "cowherd", json_string(COWHERD_VERSION));
	json_put(&json, document, "offered", array);
	return json_print(&json, document, io);
}

/* SPDX-License-Identifier: Apache-2.0 */
#include "util/map.h"

#include <stdatomic.h>
#include <string.h>
#include <sys/random.h>

struct strata_map_slot {
	const char *key;
	uint32_t hash;
	uint32_t value;
};

/* The seed of hashes in this process. It differs between runs, because keys may come from an
 * archive that was made so that all its hashes collide. Nothing visible depends on the order of
 * hashes. */
static uint64_t seed(void)
{
	static atomic_uint_least64_t shared;
	uint_least64_t value = atomic_load(&shared), drawn = 0;

	if (value != 0)
		return value;
	if (getrandom(&drawn, sizeof(drawn), GRND_NONBLOCK) < 0)
		drawn = 0;
	drawn |= 1;
	return atomic_compare_exchange_strong(&shared, &value, drawn) ? drawn : value;
}

/* Multiply and fold, a word of the key at a time: a store path is eight of them. */
static uint64_t mix(uint64_t hash, uint64_t word)
{
	hash = (hash ^ word) * 0x9e3779b97f4a7c15u;
	return hash ^ hash >> 32;
}

static uint32_t hash_string(const char *key)
{
	size_t left = strlen(key);
	uint64_t hash = mix(seed(), left), word;

	for (; left >= sizeof(word); left -= sizeof(word), key += sizeof(word)) {
		memcpy(&word, key, sizeof(word));
		hash = mix(hash, word);
	}
	word = 0;
	memcpy(&word, key, left);
	return (uint32_t)mix(hash, word);
}

static struct strata_map_slot *find(
	struct strata_map_slot *slots, size_t capacity, const char *key, uint32_t hash)
{
	size_t at = hash & (capacity - 1);

	while (slots[at].key && (slots[at].hash != hash || strcmp(slots[at].key, key) != 0))
		at = (at + 1) & (capacity - 1);
	return &slots[at];
}

uint32_t strata_map_get(const struct strata_map *map, const char *key)
{
	const struct strata_map_slot *slot;

	if (map->count == 0)
		return STRATA_MAP_NONE;
	slot = find(map->slots, map->capacity, key, hash_string(key));
	return slot->key ? slot->value : STRATA_MAP_NONE;
}

static int enlarge(struct strata_map *map)
{
	size_t capacity = map->capacity ? map->capacity * 2 : 64;
	struct strata_map_slot *slots = calloc(capacity, sizeof(*slots));

	if (!slots)
		return -1;
	for (size_t i = 0; i < map->capacity; i++) {
		const struct strata_map_slot *slot = &map->slots[i];

		if (slot->key)
			*find(slots, capacity, slot->key, slot->hash) = *slot;
	}
	free(map->slots);
	map->slots = slots;
	map->capacity = capacity;
	return 0;
}

/* The slot of KEY, which has just been taken where *IS_NEW; NULL where memory is out. */
static struct strata_map_slot *take_slot(struct strata_map *map, const char *key, bool *is_new)
{
	uint32_t hash = hash_string(key);
	struct strata_map_slot *slot;

	if (map->count * 4 >= map->capacity * 3 && enlarge(map) < 0)
		return NULL;
	slot = find(map->slots, map->capacity, key, hash);
	*is_new = !slot->key;
	if (*is_new) {
		*slot = (struct strata_map_slot){key, hash, 0};
		map->count++;
	}
	return slot;
}

int strata_map_put(struct strata_map *map, const char *key, uint32_t value)
{
	bool is_new;
	struct strata_map_slot *slot = take_slot(map, key, &is_new);

	if (!slot)
		return -1;
	slot->key = key;
	slot->value = value;
	return 0;
}

uint32_t strata_map_add(struct strata_map *map, const char *key, uint32_t value)
{
	bool is_new;
	struct strata_map_slot *slot = take_slot(map, key, &is_new);

	if (!slot)
		return STRATA_MAP_NONE;
	if (is_new)
		slot->value = value;
	return slot->value;
}

void strata_map_release(struct strata_map *map)
{
	free(map->slots);
	*map = (struct strata_map)STRATA_MAP_INIT;
}

package conformance

var deleteCases = []Case{
	c("user", Must, "7644 §3.6", "DELETE answers 204 without a body.", func(t *T) {
		t.user("")
		t.delete("/Users/@1").is(204).blank()
	}),
	c("group", Must, "7644 §3.6", "DELETE of a group answers 204 without a body.", func(t *T) {
		t.group("")
		t.delete("/Groups/@1").is(204).blank()
	}),
	c("gone", Must, "7644 §3.6", "A deleted resource is a 404 for every operation.", func(t *T) {
		t.user("")
		t.delete("/Users/@1").is(204)
		t.get("/Users/@1").fails(404, "")
		t.delete("/Users/@1").fails(404, "")
		t.put("/Users/@1", `{"schemas":["`+userURN+`"],"userName":"~u1"}`).fails(404, "")
	}),
	c("gone-for-patch", Must, "7644 §3.6", "A PATCH of a deleted resource is a 404.", func(t *T) {
		t.user("")
		t.delete("/Users/@1").is(204)
		t.patch("/Users/@1", `{"op":"replace","path":"title","value":"T"}`).fails(404, "")
	}).needing(FeaturePatch),
	c("gone-from-lists", Must, "7644 §3.6", "A deleted resource is in no list.", func(t *T) {
		t.user("")
		t.find("/Users", `userName eq "~u1"`).found("@1")
		t.delete("/Users/@1").is(204)
		t.find("/Users", `userName eq "~u1"`).found()
		t.find("/Users", `id eq "@1"`).found()
	}).needing(FeatureFilter),
	c("unknown", Must, "7644 §3.6, §3.12", "DELETE of an id that does not exist is a 404.", func(t *T) {
		t.user("")
		t.delete("/Users/~none").fails(404, "")
		t.delete("/Groups/~none").fails(404, "")
	}),
	c("other-type", Must, "7644 §3.6", "DELETE of a user at the endpoint of groups is a 404 and deletes nothing.", func(t *T) {
		t.user("")
		t.delete("/Groups/@1").fails(404, "")
		t.get("/Users/@1").is(200)
	}),
	c("leaves-others", Must, "7644 §3.6", "DELETE leaves other resources alone.", func(t *T) {
		t.users(2)
		t.delete("/Users/@1").is(204)
		t.get("/Users/@2").is(200)
	}),
	c("recreated", Should, "7644 §3.6", "A deleted resource does not stand in the way of a new one (no 409), which is another.", func(t *T) {
		t.user(`{"title":"T"}`)
		t.delete("/Users/@1").is(204)
		t.user(`{"userName":"~u1"}`).has(`{"title":null}`)
		t.get("/Users/@1").fails(404, "")
	}),
	c("group-recreated", Should, "7644 §3.6", "The name of a deleted group is free again.", func(t *T) {
		t.group("")
		t.delete("/Groups/@1").is(204)
		t.group(`{"displayName":"~g1"}`)
		t.get("/Groups/@2").members()
	}),
	c("group-leaves-users", Must, "7644 §3.6, 7643 §4.1.2", "Deleting a group leaves its members, and takes it out of their groups.", func(t *T) {
		t.user("")
		t.group(`{"members":[{"value":"@1"}]}`)
		t.get("/Users/@1").is(200).has(`{"groups":[{"value":"@2"}]}`)
		t.delete("/Groups/@2").is(204)
		t.get("/Users/@1").is(200).has(`{"groups":null}`)
	}),
	c("new-user-no-member", Must, "7643 §3.1", "A user made again under a deleted one's name is in none of its groups.", func(t *T) {
		t.user("")
		t.group(`{"members":[{"value":"@1"}]}`)
		t.delete("/Users/@1").is(204)
		t.user(`{"userName":"~u1"}`).has(`{"groups":null}`)
		t.find("/Groups", `id eq "@2" and members eq "@3"`).found()
	}).needing(FeatureFilter),
	c("collection", Must, "7644 §3.6", "The endpoint itself takes no DELETE.", func(t *T) {
		t.user("")
		t.delete("/Users").fails(405, "")
		t.get("/Users/@1").is(200)
	}),
}

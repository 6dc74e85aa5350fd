//! A pet shop: what its document says, with pets in memory.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use axum::{
    Json, Router,
    extract::{Path, RawQuery, State, rejection::JsonRejection},
    http::{StatusCode, header},
    response::{IntoResponse, Response},
    routing::{get, post},
};
use serde::{Deserialize, Serialize};
use serde_json::json;

/// Pets and orders that are kept; a sample must not fill the memory.
const CAPACITY: usize = 1_000;

#[derive(Clone, Default)]
struct Shop(Arc<Mutex<Shelves>>);

#[derive(Default)]
struct Shelves {
    pets: BTreeMap<u32, Pet>,
    orders: BTreeMap<u32, Order>,
    last_pet: u32,
    last_order: u32,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Kind {
    Dog,
    Cat,
    Bird,
    Fish,
    Rabbit,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Status {
    #[default]
    Available,
    Reserved,
    Sold,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
struct Money {
    amount: String,
    currency: String,
}

#[derive(Clone, Debug, Serialize)]
struct Pet {
    id: String,
    name: String,
    kind: Kind,
    status: Status,
    #[serde(skip_serializing_if = "Option::is_none")]
    born: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    price: Option<Money>,
    tags: Vec<String>,
}

#[derive(Debug, Deserialize)]
struct NewPet {
    name: String,
    kind: Kind,
    born: Option<String>,
    price: Option<Money>,
    #[serde(default)]
    tags: Vec<String>,
}

#[derive(Debug, Deserialize)]
struct PetChange {
    name: Option<String>,
    status: Option<Status>,
    price: Option<Money>,
    tags: Option<Vec<String>>,
}

#[derive(Clone, Debug, Serialize)]
struct Order {
    id: String,
    #[serde(rename = "petId")]
    pet_id: String,
    state: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    note: Option<String>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct NewOrder {
    pet_id: String,
    note: Option<String>,
}

pub(super) fn router() -> Router {
    let shop = Shop::default();
    for (name, kind, born, price, tags) in [
        ("Rex", Kind::Dog, "2021-04-02", "340.00", &["friendly", "loud"][..]),
        ("Mimi", Kind::Cat, "2023-09-14", "120.00", &["indoor"]),
        ("Polly", Kind::Bird, "2019-06-30", "89.50", &["talks"]),
        ("Bubbles", Kind::Fish, "2025-12-01", "7.90", &["quiet"]),
        ("Hazel", Kind::Rabbit, "2025-03-21", "45.00", &["friendly", "indoor"]),
        ("Otto", Kind::Dog, "2018-11-11", "150.00", &["calm", "friendly"]),
    ] {
        let price = Money {
            amount: price.into(),
            currency: "EUR".into(),
        };
        let tags = tags.iter().map(|&tag| tag.to_owned()).collect();
        shop.shelves().add(NewPet {
            name: name.into(),
            kind,
            born: Some(born.into()),
            price: Some(price),
            tags,
        });
    }
    Router::new()
        .route("/pets", get(list).post(create))
        .route("/pets/{id}", get(show).patch(update).delete(remove))
        .route("/orders", post(place_order))
        .route("/orders/{id}", get(show_order))
        .route("/inventory", get(inventory))
        .with_state(shop)
}

impl Shop {
    fn shelves(&self) -> MutexGuard<'_, Shelves> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Shelves {
    fn add(&mut self, new: NewPet) -> Pet {
        self.last_pet += 1;
        let NewPet {
            name,
            kind,
            born,
            price,
            tags,
        } = new;
        let pet = Pet {
            id: format!("pet_{}", self.last_pet),
            name,
            kind,
            status: Status::Available,
            born,
            price,
            tags,
        };
        self.pets.insert(self.last_pet, pet.clone());
        if self.pets.len() > CAPACITY {
            self.pets.pop_first();
        }
        pet
    }

    fn pet(&mut self, id: &str) -> Option<&mut Pet> {
        number(id, "pet_").and_then(|number| self.pets.get_mut(&number))
    }
}

async fn list(State(shop): State<Shop>, RawQuery(query): RawQuery) -> Result<Response, Response> {
    let mut limit = 20;
    let (mut after, mut kind, mut status, mut tags) = (0, None, None, Vec::new());
    for (name, value) in url::form_urlencoded::parse(query.unwrap_or_default().as_bytes()) {
        match &*name {
            "limit" => {
                limit = value
                    .parse()
                    .ok()
                    .filter(|limit| (1..=100).contains(limit))
                    .ok_or_else(|| bad("`limit` must be between 1 and 100."))?;
            }
            "after" => after = number(&value, "pet_").ok_or_else(|| bad("`after` must be the id of a pet."))?,
            "kind" => kind = Some(word::<Kind>(&value).ok_or_else(|| bad("`kind` is no kind of pet."))?),
            "status" => status = Some(word::<Status>(&value).ok_or_else(|| bad("`status` is no status."))?),
            "tag" => tags.push(value.into_owned()),
            _ => {}
        }
    }
    let shelves = shop.shelves();
    let mut found = shelves
        .pets
        .range(after + 1..)
        .map(|(_, pet)| pet)
        .filter(|pet| kind.is_none_or(|kind| pet.kind == kind) && status.is_none_or(|status| pet.status == status))
        .filter(|pet| tags.iter().all(|tag| pet.tags.contains(tag)));
    let items: Vec<_> = found.by_ref().take(limit).cloned().collect();
    let next = found.next().and(items.last()).map(|last| last.id.clone());
    Ok(Json(json!({ "items": items, "next": next })).into_response())
}

async fn create(State(shop): State<Shop>, body: Result<Json<NewPet>, JsonRejection>) -> Result<Response, Response> {
    let Json(new) = body.map_err(|rejected| bad(&rejected.body_text()))?;
    if new.name.is_empty() || new.name.chars().count() > 60 || new.tags.len() > 20 {
        return Err(bad(
            "`name` must have 1 to 60 characters, and `tags` at most 20 entries.",
        ));
    }
    let pet = shop.shelves().add(new);
    Ok((
        StatusCode::CREATED,
        [(header::LOCATION, format!("/pets/{}", pet.id))],
        Json(pet),
    )
        .into_response())
}

async fn show(State(shop): State<Shop>, Path(id): Path<String>) -> Result<Json<Pet>, Response> {
    Ok(Json(shop.shelves().pet(&id).ok_or_else(|| no_pet(&id))?.clone()))
}

async fn update(
    State(shop): State<Shop>,
    Path(id): Path<String>,
    body: Result<Json<PetChange>, JsonRejection>,
) -> Result<Json<Pet>, Response> {
    let Json(change) = body.map_err(|rejected| bad(&rejected.body_text()))?;
    let mut shelves = shop.shelves();
    let pet = shelves.pet(&id).ok_or_else(|| no_pet(&id))?;
    if let Some(name) = change.name {
        pet.name = name.chars().take(60).collect();
    }
    if let Some(tags) = change.tags {
        pet.tags = tags.into_iter().take(20).collect();
    }
    pet.status = change.status.unwrap_or(pet.status);
    pet.price = change.price.or_else(|| pet.price.take());
    Ok(Json(pet.clone()))
}

async fn remove(State(shop): State<Shop>, Path(id): Path<String>) -> Result<StatusCode, Response> {
    let mut shelves = shop.shelves();
    shelves.pet(&id).ok_or_else(|| no_pet(&id))?;
    number(&id, "pet_").and_then(|number| shelves.pets.remove(&number));
    Ok(StatusCode::NO_CONTENT)
}

async fn place_order(
    State(shop): State<Shop>,
    body: Result<Json<NewOrder>, JsonRejection>,
) -> Result<(StatusCode, Json<Order>), Response> {
    let Json(new) = body.map_err(|rejected| bad(&rejected.body_text()))?;
    let mut shelves = shop.shelves();
    let pet = shelves.pet(&new.pet_id).ok_or_else(|| no_pet(&new.pet_id))?;
    if pet.status != Status::Available {
        return Err(error(
            StatusCode::CONFLICT,
            "already_sold",
            "This pet is not for sale any more.",
        ));
    }
    pet.status = Status::Reserved;
    shelves.last_order += 1;
    let id = shelves.last_order;
    let order = Order {
        id: format!("order_{id}"),
        pet_id: new.pet_id,
        state: "placed",
        note: new.note,
    };
    shelves.orders.insert(id, order.clone());
    if shelves.orders.len() > CAPACITY {
        shelves.orders.pop_first();
    }
    Ok((StatusCode::CREATED, Json(order)))
}

async fn show_order(State(shop): State<Shop>, Path(id): Path<String>) -> Result<Json<Order>, Response> {
    let found = number(&id, "order_").and_then(|number| shop.shelves().orders.get(&number).cloned());
    found.map(Json).ok_or_else(|| {
        error(
            StatusCode::NOT_FOUND,
            "no_such_order",
            format!("There is no order {id}."),
        )
    })
}

async fn inventory(State(shop): State<Shop>) -> Json<serde_json::Value> {
    let shelves = shop.shelves();
    let count = |status| shelves.pets.values().filter(|pet| pet.status == status).count();
    Json(json!({
        "available": count(Status::Available),
        "reserved": count(Status::Reserved),
        "sold": count(Status::Sold),
    }))
}

fn number(id: &str, prefix: &str) -> Option<u32> {
    id.strip_prefix(prefix)?
        .parse()
        .ok()
        .filter(|number| *number < u32::MAX)
}

fn word<T: for<'de> Deserialize<'de>>(text: &str) -> Option<T> {
    serde_json::from_value(serde_json::Value::String(text.to_owned())).ok()
}

fn no_pet(id: &str) -> Response {
    error(StatusCode::NOT_FOUND, "no_such_pet", format!("There is no pet {id}."))
}

fn bad(message: &str) -> Response {
    error(StatusCode::BAD_REQUEST, "bad_parameter", message)
}

fn error(status: StatusCode, code: &str, message: impl Into<String>) -> Response {
    (status, Json(json!({ "code": code, "message": message.into() }))).into_response()
}

#[cfg(test)]
mod tests {
    use axum::{body::Body, http::Request};
    use tower::ServiceExt as _;

    use super::*;

    async fn call(router: &Router, method: &str, path: &str, body: &str) -> (u16, serde_json::Value) {
        let request = Request::builder()
            .method(method)
            .uri(path)
            .header(header::CONTENT_TYPE, "application/json")
            .body(Body::from(body.to_owned()))
            .unwrap();
        let response = router.clone().oneshot(request).await.unwrap();
        let status = response.status().as_u16();
        let bytes = axum::body::to_bytes(response.into_body(), usize::MAX).await.unwrap();
        (status, serde_json::from_slice(&bytes).unwrap_or_default())
    }

    #[tokio::test]
    async fn pets_come_are_found_sold_and_go() {
        let shop = router();
        let (status, page) = call(&shop, "GET", "/pets?limit=2&tag=friendly", "").await;
        assert_eq!(
            (status, &page["items"][1]["name"], &page["next"]),
            (200, &json!("Hazel"), &json!("pet_5"))
        );
        let (_, page) = call(&shop, "GET", "/pets?limit=2&tag=friendly&after=pet_5", "").await;
        assert_eq!(
            (&page["items"][0]["name"], &page["next"]),
            (&json!("Otto"), &json!(null))
        );
        let (status, pet) = call(&shop, "POST", "/pets", r#"{"name":"Nemo","kind":"fish"}"#).await;
        assert_eq!(
            (status, &pet["id"], &pet["status"]),
            (201, &json!("pet_7"), &json!("available"))
        );
        let (_, pet) = call(&shop, "PATCH", "/pets/pet_7", r#"{"tags":["orange"]}"#).await;
        assert_eq!((&pet["tags"], &pet["name"]), (&json!(["orange"]), &json!("Nemo")));
        let order = r#"{"petId":"pet_7"}"#;
        assert_eq!(call(&shop, "POST", "/orders", order).await.0, 201);
        assert_eq!(call(&shop, "POST", "/orders", order).await.0, 409);
        assert_eq!(call(&shop, "GET", "/orders/order_1", "").await.1["petId"], "pet_7");
        assert_eq!(call(&shop, "GET", "/inventory", "").await.1["reserved"], 1);
        assert_eq!(call(&shop, "DELETE", "/pets/pet_7", "").await.0, 204);
        assert_eq!(call(&shop, "GET", "/pets/pet_7", "").await.0, 404);
    }

    #[tokio::test]
    async fn nonsense_is_refused() {
        let shop = router();
        for (method, path, body, expected) in [
            ("GET", "/pets?limit=0", "", 400),
            ("GET", "/pets?kind=dragon", "", 400),
            ("GET", "/pets?after=rex", "", 400),
            ("POST", "/pets", "{}", 400),
            ("POST", "/pets", "no json", 400),
            ("GET", "/pets/pet_99", "", 404),
            ("GET", "/pets/pet_4294967295", "", 404),
            ("POST", "/orders", r#"{"petId":"x"}"#, 404),
        ] {
            assert_eq!(
                call(&shop, method, path, body).await.0,
                expected,
                "{method} {path} {body}"
            );
        }
    }
}

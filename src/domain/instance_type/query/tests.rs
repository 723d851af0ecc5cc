//! What queries answer.

use proptest::prelude::*;

use super::*;
use crate::domain::instance_type::samples::{catalog, few, named, sized};

fn names(query: &Query) -> Vec<String> {
    few().query(query).expect("an answer").items.iter().map(|kind| kind.name.clone()).collect()
}

fn sorted(keys: &[&str]) -> Query {
    Query { sort: keys.iter().map(|key| SortKey::parse(key).expect("a key")).collect(), ..Query::default() }
}

#[test]
fn without_anything_asked_all_types_come_by_name_on_one_page() {
    let catalog = few();
    let page = catalog.query(&Query::default()).unwrap();
    assert_eq!(page.items.len(), catalog.types.len());
    assert!(page.items.is_sorted_by_key(|kind| &kind.name));
    assert_eq!((page.total, page.next_cursor, page.facets), (catalog.types.len(), None, None));
    assert!(Query::default().is_plain());
}

#[test]
fn the_cheapest_come_first_and_the_unpriced_last() {
    let all = names(&sorted(&["price"]));
    assert_eq!(all[..3], ["m1.small", "m5.large", "m6g.xlarge"]);
    assert_eq!(all.last().unwrap(), "x9.unknown");
    assert_eq!(names(&sorted(&["-price"])).last().unwrap(), "x9.unknown");
}

#[test]
fn a_second_key_orders_within_the_first_and_names_within_both() {
    assert_eq!(
        names(&sorted(&["-memory", "-price"]))[..4],
        ["m5.metal", "g5.xlarge", "m5.xlarge", "m5a.xlarge"].map(String::from)
    );
    assert_eq!(
        names(&sorted(&["vcpu"])),
        [
            "m1.small",
            "m5.large",
            "g5.xlarge",
            "m5.xlarge",
            "m5a.xlarge",
            "m6g.xlarge",
            "t3.xlarge",
            "m5.metal",
            "x9.unknown"
        ]
    );
}

#[test]
fn like_finds_what_can_take_a_types_place_cheapest_first() {
    let like = |name: &str| names(&Query { like: Some(name.to_owned()), ..Query::default() });
    assert_eq!(like("m5.xlarge"), ["t3.xlarge", "m5a.xlarge", "m5.xlarge"]);
    assert_eq!(like("m6g.xlarge"), ["m6g.xlarge"]);
    assert_eq!(like("g5.xlarge"), ["g5.xlarge"]);
}

#[test]
fn like_takes_another_order_and_further_conditions() {
    let mut query = sorted(&["-price"]);
    query.like = Some("m5.xlarge".to_owned());
    query.filter.burstable = Some(false);
    assert_eq!(names(&query), ["m5.xlarge", "m5a.xlarge"]);
}

#[test]
fn like_an_unknown_type_names_near_ones_at_its_parameter() {
    let catalog = few();
    let error = catalog.query(&Query { like: Some("m5.xlrge".to_owned()), ..Query::default() }).unwrap_err();
    let Failure::BadParameter(violations) = Failure::from(error) else { panic!("another failure") };
    assert_eq!(violations[0].pointer, "?like");
    assert_eq!(violations[0].suggestions[0], "m5.xlarge");
}

#[test]
fn a_mistyped_name_finds_the_one_that_was_meant_first() {
    for (typed, meant) in [
        ("m5.xlage", "m5.xlarge"),
        (" M5.XLARGE", "m5.xlarge"),
        ("m5.xlareg", "m5.xlarge"),
        ("m5a.xlrge", "m5a.xlarge"),
    ] {
        assert_eq!(few().near(typed).first().map(String::as_str), Some(meant), "{typed}");
    }
    assert_eq!(few().near("m5."), ["m5.large", "m5.metal", "m5.xlarge"]);
    assert_eq!(few().near("completely-else"), Vec::<String>::new());
}

#[test]
fn facets_count_what_meets_the_conditions_on_all_pages() {
    let mut query = Query { facets: true, limit: Some(1), ..Query::default() };
    query.filter.current_generation = Some(true);
    let catalog = few();
    let facets = catalog.query(&query).unwrap().facets.unwrap();
    assert_eq!(facets.family, [("General purpose".to_owned(), 6), ("GPU instance".to_owned(), 1)]);
    assert_eq!(facets.architecture, [("x86_64".to_owned(), 6), ("arm64".to_owned(), 1)]);
    assert_eq!(facets.series[0], ("m5".to_owned(), 3));
    assert_eq!(
        facets.series[1..].iter().map(|(name, _)| name.as_str()).collect::<Vec<_>>(),
        ["g5", "m5a", "m6g", "t3"]
    );
}

#[test]
fn a_cursor_of_another_query_or_none_at_all_is_refused_at_its_parameter() {
    let catalog = few();
    let query = Query { limit: Some(2), ..sorted(&["price"]) };
    let cursor = catalog.query(&query).unwrap().next_cursor;
    assert!(cursor.is_some());
    for other in [
        Query { cursor: cursor.clone(), ..sorted(&["-price"]) },
        Query { cursor: cursor.clone(), like: Some("m5.xlarge".to_owned()), ..sorted(&["price"]) },
        Query { cursor: Some("nonsense".to_owned()), ..Query::default() },
    ] {
        let Failure::BadParameter(violations) = catalog.query(&other).unwrap_err().into() else { panic!("{other:?}") };
        assert_eq!(violations[0].pointer, "?cursor");
    }
    let smaller = Query { cursor, limit: Some(1), facets: true, ..sorted(&["price"]) };
    assert!(catalog.query(&smaller).is_ok(), "limit and facets may change between pages");
}

#[test]
fn a_forged_cursor_with_other_parts_is_refused() {
    let query = sorted(&["price"]);
    for parts in [vec![], vec![Part::Null], vec![Part::Text("a".into())], vec![Part::Null, Part::Null]] {
        let cursor = Some(cursor::encode(query.hash(), &parts));
        assert!(few().query(&Query { cursor, ..query.clone() }).is_err());
    }
}

#[test]
fn a_change_of_the_data_between_two_pages_repeats_nothing() {
    let before = few();
    let query = Query { limit: Some(3), ..sorted(&["price"]) };
    let first = before.query(&query).unwrap();
    let seen: Vec<_> = first.items.iter().map(|kind| kind.name.clone()).collect();
    let mut after = before.clone();
    // The type that the cursor stands on goes, and a cheaper one comes.
    after.types.remove(seen.last().unwrap());
    after.types.insert("a9.nano".to_owned(), sized("a9.nano", 1, 1, "0.001"));
    let second = after.query(&Query { cursor: first.next_cursor.clone(), ..query }).unwrap();
    assert!(second.items.iter().all(|kind| !seen.contains(&kind.name)));
    assert_eq!(second.items[0].name, "t3.xlarge");
}

proptest! {
    #[test]
    fn the_pages_together_are_the_whole_list(
        prices in prop::collection::vec(prop::option::of(0_u32..5), 0..30),
        limit in 1_usize..8,
        keys in prop::collection::vec(prop::sample::select(vec!["price", "-price", "vcpu", "-memory", "-name"]), 0..4),
    ) {
        let catalog = catalog(prices.iter().enumerate().map(|(i, price)| {
            let name = format!("m{}.{i}", i % 3);
            price.map_or_else(|| named(&name), |price| sized(&name, price % 2, 4, &format!("0.{price}")))
        }));
        let whole = sorted(&keys);
        let expected: Vec<_> = catalog.query(&whole).unwrap().items.iter().map(|kind| &kind.name).collect();
        let (mut paged, mut cursor) = (Vec::new(), None);
        loop {
            let page = catalog.query(&Query { limit: Some(limit), cursor, ..whole.clone() }).unwrap();
            prop_assert!(page.items.len() <= limit);
            paged.extend(page.items.iter().map(|kind| &kind.name));
            cursor = page.next_cursor;
            if cursor.is_none() { break }
        }
        prop_assert_eq!(paged, expected);
    }
}

//! The rows of a generated offer file: those of the bundled price list, and around each what AWS has beside it.

use serde_json::Value;

/// Rows of each type: every system in three ways of being used, and a capacity block.
const ROWS: usize = SYSTEMS.len() * 3 + 1;
/// Rows that are no instances, for a thousand that are: what makes the real file's 60,000 of 1,345 types.
const OTHERS_PER_MILLE: usize = 38;
/// Operating system, software that comes with it, the licence, AWS's code of it, and what it costs beside Linux.
const SYSTEMS: [(&str, &str, &str, &str, f64); 14] = [
    // The first is the one that counts.
    ("Linux", "NA", "No License required", "RunInstances", 1.0),
    ("Linux", "SQL Web", "No License required", "RunInstances:0200", 1.35),
    ("Linux", "SQL Std", "No License required", "RunInstances:0004", 3.5),
    ("Linux", "SQL Ent", "No License required", "RunInstances:0100", 8.8),
    ("Windows", "NA", "No License required", "RunInstances:0002", 1.96),
    ("Windows", "NA", "Bring your own license", "RunInstances:0800", 1.0),
    ("Windows", "SQL Web", "No License required", "RunInstances:0202", 2.31),
    ("Windows", "SQL Std", "No License required", "RunInstances:0006", 4.46),
    ("Windows", "SQL Ent", "No License required", "RunInstances:0102", 9.77),
    ("RHEL", "NA", "No License required", "RunInstances:0010", 1.3),
    ("RHEL", "SQL Std", "No License required", "RunInstances:0014", 3.8),
    ("Red Hat Enterprise Linux with HA", "NA", "No License required", "RunInstances:1010", 1.48),
    ("SUSE", "NA", "No License required", "RunInstances:000g", 1.52),
    ("Ubuntu Pro", "NA", "No License required", "RunInstances:0g00", 1.04),
];
/// How the capacity is used; the third of each type is one of the last three.
const USES: [(&str, &str); 5] = [
    ("Shared", "Used"),
    ("Shared", "UnusedCapacityReservation"),
    ("Dedicated", "Used"),
    ("Shared", "AllocatedCapacityReservation"),
    ("Host", "AllocatedHost"),
];

/// What real rows have and the bundled list leaves out.
const MORE: [(&str, &str); 7] = [
    ("ecu", "NA"),
    ("enhancedNetworkingSupported", "Yes"),
    ("gpuMemory", "NA"),
    ("intelAvxAvailable", "Yes"),
    ("intelAvx2Available", "Yes"),
    ("intelTurboAvailable", "Yes"),
    ("processorFeatures", "Intel AVX; Intel AVX2; Intel Turbo"),
];

/// Attributes of one product, in AWS's order.
pub type Attributes = Vec<(String, String)>;

/// One product and what it costs.
pub struct Row {
    /// What AWS calls it.
    pub sku: String,
    /// Empty when AWS writes none.
    pub family: &'static str,
    /// In AWS's order.
    pub attributes: Attributes,
    /// What is paid for.
    pub unit: &'static str,
    /// As AWS writes it.
    pub usd: String,
    /// What the price's description names.
    pub what: String,
    /// Whether it can be reserved.
    pub reserved: bool,
}

/// A type of the bundled list.
pub struct Kind {
    family: &'static str,
    attributes: Attributes,
    usd: f64,
    /// As AWS writes it.
    usd_text: String,
}

/// The types of a price list; none when it has another shape.
pub fn kinds(seed: &[u8], types: usize) -> Option<Vec<Kind>> {
    let seed: Value = serde_json::from_slice(seed).ok()?;
    let prices = &seed["terms"]["OnDemand"];
    let kind = |(sku, product): (&String, &Value)| {
        let text = |(key, value): (&String, &Value)| Some((key.clone(), value.as_str()?.to_owned()));
        let dimensions = prices[sku].as_object()?.values().next()?["priceDimensions"].as_object()?;
        let usd_text = dimensions.values().next()?["pricePerUnit"]["USD"].as_str()?.to_owned();
        Some(Kind {
            family: if product["productFamily"] == "Compute Instance" {
                "Compute Instance"
            } else {
                "Compute Instance (bare metal)"
            },
            attributes: with_more(product["attributes"].as_object()?.iter().map(text).collect::<Option<_>>()?),
            usd: usd_text.parse().ok()?,
            usd_text,
        })
    };
    seed["products"].as_object()?.iter().take(types).map(kind).collect()
}

fn with_more(mut attributes: Attributes) -> Attributes {
    for (key, value) in MORE {
        if !attributes.iter().any(|(name, _)| name == key) {
            attributes.push((key.to_owned(), value.to_owned()));
        }
    }
    attributes
}

/// All rows, mixed as AWS's are: the file is ordered by nothing that says what a row is.
pub struct Rows<'a> {
    kinds: &'a [Kind],
    count: usize,
    /// Goes through all rows once, as it has no divisor in common with their count.
    step: usize,
}

impl<'a> Rows<'a> {
    /// The rows of these types.
    pub fn of(kinds: &'a [Kind]) -> Self {
        let instances = kinds.len() * ROWS;
        let count = instances + instances * OTHERS_PER_MILLE / 1000;
        let coprime = |step: &usize| gcd(*step, count) == 1;
        Self { kinds, count, step: (count * 5 / 8..count).find(coprime).unwrap_or(1) }
    }

    /// Every row.
    pub fn all(&self) -> impl Iterator<Item = Row> {
        (0..self.count).map(|at| self.row(at * self.step % self.count))
    }

    fn row(&self, number: usize) -> Row {
        match self.kinds.get(number / ROWS) {
            Some(kind) => instance(kind, number, number / ROWS, number % ROWS),
            None => other(&self.kinds[number % self.kinds.len()], number),
        }
    }
}

/// A row of a type: a system and how its capacity is used.
fn instance(kind: &Kind, number: usize, of: usize, row: usize) -> Row {
    let mut attributes = kind.attributes.clone();
    let name = value(&attributes, "instanceType").to_owned();
    let block = row == ROWS - 1;
    let (system, software, licence, operation, factor) = SYSTEMS[row % SYSTEMS.len()];
    let (tenancy, status) = USES[if row / SYSTEMS.len() == 2 { 2 + of % 3 } else { row / SYSTEMS.len() % 3 }];
    if row > 0 {
        for (key, value) in [
            ("operatingSystem", system),
            ("preInstalledSw", software),
            ("licenseModel", licence),
            ("operation", if block { "RunInstances:CB" } else { operation }),
            ("tenancy", if block { "Shared" } else { tenancy }),
            ("capacitystatus", if block { "Used" } else { status }),
            ("marketoption", if block { "CapacityBlock" } else { "OnDemand" }),
        ] {
            set(&mut attributes, key, value);
        }
    }
    let free = block || status.starts_with("Allocated");
    let usd = match row {
        0 => kind.usd_text.clone(),
        _ if free => "0.0000000000".to_owned(),
        _ => format!("{:.10}", kind.usd * factor),
    };
    Row {
        sku: sku(number),
        family: kind.family,
        what: format!("{} {system} {name} Instance Hour", if tenancy == "Shared" { "On Demand" } else { tenancy }),
        attributes,
        unit: "Hrs",
        usd,
        reserved: status == "Used" && !block && row.is_multiple_of(2),
    }
}

/// A row that is no instance, or doesn't say which.
fn other(like: &Kind, number: usize) -> Row {
    let mut attributes = like.attributes.clone();
    let series = value(&attributes, "instanceType").split('.').next().unwrap_or_default().to_owned();
    let (family, unit, usd) = match number % 5 {
        0 => {
            set(&mut attributes, "instanceType", &series);
            set(&mut attributes, "tenancy", "Host");
            ("Dedicated Host", "Hrs", "4.2240000000")
        }
        1 => {
            // The free trial: an hour of any type, without a region.
            attributes.retain(|(key, _)| key != "instanceType");
            set(&mut attributes, "regionCode", "");
            ("", "Hrs", "0.0000000000")
        }
        2 => {
            attributes.truncate(3);
            attributes.extend(
                [
                    ("storageMedia", "SSD-backed"),
                    ("volumeType", "General Purpose"),
                    ("maxVolumeSize", "16 TiB"),
                    ("maxIopsvolume", "16000"),
                    ("volumeApiName", "gp3"),
                ]
                .map(|(key, value)| (key.to_owned(), value.to_owned())),
            );
            ("Storage", "GB-Mo", "0.0800000000")
        }
        3 => {
            attributes.truncate(3);
            attributes.push(("transferType".to_owned(), "InterRegion Outbound".to_owned()));
            ("Data Transfer", "GB", "0.0200000000")
        }
        _ => {
            attributes.truncate(3);
            attributes.push(("group".to_owned(), "NGW:NatGateway".to_owned()));
            ("NAT Gateway", "Hrs", "0.0450000000")
        }
    };
    let what = format!("{unit} of {}", if family.is_empty() { "the free tier" } else { family });
    Row { sku: sku(number), family, attributes, unit, usd: usd.to_owned(), what, reserved: false }
}

/// Sixteen letters and digits.
fn sku(number: usize) -> String {
    const LETTERS: &[u8; 32] = b"23456789ABCDEFGHJKMNPQRSTUVWXYZ7";
    // The first four name the number, the others are there to look like AWS's.
    let mixed = (number as u64).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    let letter = |at: usize| {
        let bits = if at < 4 { number as u64 >> (5 * at) } else { mixed >> (5 * at - 20) };
        char::from(LETTERS[(bits & 31) as usize])
    };
    (0..16).map(letter).collect()
}

fn value<'a>(attributes: &'a Attributes, key: &str) -> &'a str {
    attributes.iter().find(|(name, _)| name == key).map_or("", |(_, value)| value)
}

fn set(attributes: &mut Attributes, key: &str, value: &str) {
    if let Some((_, old)) = attributes.iter_mut().find(|(name, _)| name == key) {
        value.clone_into(old);
    }
}

fn gcd(a: usize, b: usize) -> usize {
    if b == 0 { a } else { gcd(b, a % b) }
}

use super::*;
use stream::Silent;

#[test]
#[ignore = "measures"]
fn bench() {
    let var = |name: &str| std::env::var(name).unwrap();
    let mut file = File::open(var("XB_IN")).unwrap();
    let into = PathBuf::from(var("XB_OUT"));
    let how = Unpack {
        dialect: Dialect::MariaDb,
        into: &into,
        workers: var("XB_W").parse().unwrap(),
        cancel: &Cancel::new(),
        progress: &Silent,
        decode: std::env::var("XB_D").is_ok(),
        key: None,
        is_whole: false,
    };
    let begin = std::time::Instant::now();
    let done = unpack(&mut file, &how).unwrap();
    println!("{:?} {done:?}", begin.elapsed());
}

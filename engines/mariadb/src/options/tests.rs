use super::*;

#[test]
fn words_are_split_and_shells_refused() {
    let split = |text| split_words("tool_options", text);
    assert_eq!(
        split(r#"--a=1  '--b=x y' --c="d \"e" f\ g '' "#).unwrap(),
        ["--a=1", "--b=x y", "--c=d \"e", "f g", ""]
    );
    assert!(split("").unwrap().is_empty());
    for bad in ["a | b", "a > b", "a; b", "`a`", "$A", "'a", "a\\"] {
        assert_eq!(split(bad).unwrap_err().kind(), Kind::Config, "{bad:?}");
    }
}

/// Every option of Bareos's plugins for mariabackup and percona, with a value that it has there.
#[test]
fn options_of_the_bareos_plugins_are_known() {
    let mut options = Options::new(OPTIONS);
    for (name, value) in [
        ("dumpbinary", "mariadb-backup"),
        ("dumpoptions", " --backup --stream=xbstream"),
        ("extradumpoptions", "--parallel=2"),
        ("restorecommand", "mbstream -x -C "),
        ("mycnf", "/root/.my.cnf"),
        ("mysqlcmd", "mariadb --raw"),
        ("strictIncremental", "True"),
        ("log", "false"),
    ] {
        options.set(name, value).unwrap();
    }
    assert!(options.flag("strict_incremental"));
    assert_eq!(options.unused().count(), 2);
    assert_eq!(tool_log(&options).unwrap(), None);
    options.set("log", "/var/log/x").unwrap();
    assert_eq!(tool_log(&options).unwrap(), Some(Path::new("/var/log/x")));
    options.set("log", "x.log").unwrap();
    assert_eq!(tool_log(&options).unwrap_err().kind(), Kind::Config);
}

package io.ecsclusterkit.hazelcast;

import com.hazelcast.logging.Logger;

import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

import java.io.PrintWriter;
import java.io.StringWriter;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.logging.Handler;
import java.util.logging.Level;
import java.util.logging.LogManager;
import java.util.logging.LogRecord;

import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

/** Secrets appear in no log line, exception or toString, with every logger of the JVM at FINEST. */
class SecretsTest {

    private final Rig rig = new Rig();
    // The JDK's HTTP client goes on logging from its own threads while the test reads.
    private final List<String> said = new CopyOnWriteArrayList<>();
    private final java.util.logging.Logger root = LogManager.getLogManager().getLogger("");
    private final Level usual = root.getLevel();
    private final Handler ear = new Handler() {
        @Override
        public void publish(LogRecord record) {
            said.add(record.getLevel() + " " + record.getMessage());
            if (record.getThrown() != null) {
                said.add(trace(record.getThrown()));
            }
        }

        @Override
        public void flush() {
        }

        @Override
        public void close() {
        }
    };

    @BeforeEach
    void listen() {
        ear.setLevel(Level.ALL);
        root.setLevel(Level.ALL);
        root.addHandler(ear);
    }

    @AfterEach
    void close() {
        root.removeHandler(ear);
        root.setLevel(usual);
        rig.close();
    }

    private static String trace(Throwable thrown) {
        StringWriter out = new StringWriter();
        thrown.printStackTrace(new PrintWriter(out));
        return out.toString();
    }

    /** Runs a strategy through a good round, a refusal and an outage. */
    private void live() {
        EcsConfig config = EcsConfig.of(rig.properties);
        EcsDiscoveryStrategy strategy = new EcsDiscoveryStrategy(Rig.address(5701), Logger.getLogger("test"), config, rig.time);
        said.add(config + " " + strategy + " " + config.secretKey() + " " + config.login());
        strategy.start();
        ask(strategy);
        rig.cloud.accessKey = "none";
        rig.cloud.agencyAccess = "none";
        rig.cloud.tokens.clear();
        rig.cloud.password = "changed";
        rig.time.pass(Duration.ofMinutes(2));
        ask(strategy);
        rig.cloud.trouble = (seen, exchange) -> {
            // A server that repeats what it was sent.
            FakeCloud.answer(exchange, seen.path.contains("tokens") ? 403 : 500, "{\"error_msg\":\"" + seen.headers.values() + "\"}");
            return true;
        };
        rig.time.pass(Duration.ofMinutes(2));
        ask(strategy);
        rig.cloud.down();
        rig.time.pass(Duration.ofMinutes(2));
        ask(strategy);
        strategy.destroy();
    }

    private void ask(EcsDiscoveryStrategy strategy) {
        said.add(strategy.discoverLocalMetadata().toString());
        try {
            said.add(strategy.discoverNodes().toString());
        } catch (RuntimeException e) {
            said.add(trace(e));
        }
    }

    private void nothingSaid(String... secrets) {
        String all = String.join("\n", said);
        assertTrue(all.contains("last good list") || all.contains("This member stops"), all);
        for (String secret : secrets) {
            assertFalse(all.contains(secret), () -> "'" + secret + "' in:\n" + all);
        }
    }

    @Test
    void ofKeys() {
        rig.keys().here();
        live();
        nothingSaid(FakeCloud.SECRET_KEY, FakeCloud.ACCESS_KEY, "Signature=");
    }

    @Test
    void ofALogin() {
        rig.login().here();
        live();
        nothingSaid(FakeCloud.PASSWORD, FakeCloud.IAM_TOKEN);
    }

    @Test
    void ofAWrongLogin() {
        rig.login().here();
        rig.cloud.password = "another";
        live();
        nothingSaid(FakeCloud.PASSWORD, FakeCloud.IAM_TOKEN);
    }

    @Test
    void ofAnAgency() {
        rig.agency().here();
        live();
        nothingSaid(FakeCloud.AGENCY_SECRET, FakeCloud.AGENCY_TOKEN, FakeCloud.AGENCY_ACCESS);
    }

    @Test
    void ofContradictions() {
        rig.keys().login();
        try {
            EcsConfig.of(rig.properties);
        } catch (RuntimeException e) {
            said.add("last good list" + trace(e));
        }
        nothingSaid(FakeCloud.PASSWORD, FakeCloud.SECRET_KEY, FakeCloud.ACCESS_KEY);
    }
}

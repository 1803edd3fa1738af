package io.ecsclusterkit.hazelcast;

import com.hazelcast.core.HazelcastException;
import com.hazelcast.logging.ILogger;
import com.hazelcast.logging.Logger;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.HashMap;
import java.util.Map;
import java.util.logging.Handler;
import java.util.logging.Level;
import java.util.logging.LogRecord;

/**
 * A member's strategy that does as it is told on stdin, for tests on the API of a lab (tests/unit/discovery).
 *
 * <p>Arguments are properties, {@code name=value}. {@code ask} prints {@code nodes ADDRESS...} or {@code failed SENTENCE},
 * {@code later SECONDS} lets time pass. What is logged comes in between, as {@code LEVEL text}. Pauses take no time.
 */
public final class Ask {

    private final EcsDiscoveryStrategy strategy;
    private final ManualTime time = new ManualTime();

    private Ask(Map<String, String> properties) {
        strategy = new EcsDiscoveryStrategy(Rig.address(5701), log(), EcsConfig.of(properties), time);
    }

    public static void main(String[] arguments) throws IOException {
        Map<String, String> properties = new HashMap<>();
        for (String argument : arguments) {
            String[] pair = argument.split("=", 2);
            properties.put(pair[0], pair[1]);
        }
        Ask ask = new Ask(properties);
        BufferedReader orders = new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8));
        for (String order = orders.readLine(); order != null; order = orders.readLine()) {
            ask.obey(order.split(" "));
        }
        ask.strategy.destroy();
    }

    private void obey(String[] order) {
        if ("later".equals(order[0])) {
            time.pass(Duration.ofSeconds(Long.parseLong(order[1])));
            return;
        }
        try {
            say("nodes " + String.join(" ", Rig.nodes(strategy)));
        } catch (HazelcastException e) {
            say("failed " + e.getMessage());
        }
    }

    private static ILogger log() {
        java.util.logging.Logger root = java.util.logging.Logger.getLogger("");
        for (Handler handler : root.getHandlers()) {
            root.removeHandler(handler);
        }
        root.addHandler(new Handler() {
            @Override
            public void publish(LogRecord record) {
                say(record.getLevel() + " " + record.getMessage());
            }

            @Override
            public void flush() {
            }

            @Override
            public void close() {
            }
        });
        root.setLevel(Level.INFO);
        return Logger.getLogger("ask");
    }

    private static synchronized void say(String line) {
        System.out.println(line.replace('\n', ' '));
    }
}

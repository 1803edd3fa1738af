package io.ecsclusterkit.probe;

import com.hazelcast.config.Config;
import com.hazelcast.config.JoinConfig;
import com.hazelcast.core.Hazelcast;
import com.hazelcast.core.HazelcastInstance;

import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

import java.io.File;
import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

/** The probe as a process of its own against real members in this JVM. */
@Timeout(60)
class ClusterProbeTest {

    private static final String NAME = "probed \"cluster\"";

    private final List<HazelcastInstance> members = new ArrayList<>();
    private String err;
    private int status;

    @AfterEach
    void close() {
        members.forEach(member -> member.getLifecycleService().terminate());
    }

    private String member(String cluster, String... others) {
        Config config = new Config();
        config.setClusterName(cluster);
        config.setProperty("hazelcast.phone.home.enabled", "false");
        config.setProperty("hazelcast.wait.seconds.before.join", "0");
        config.setProperty("hazelcast.local.localAddress", "127.0.0.1");
        config.getJetConfig().setEnabled(false);
        config.getNetworkConfig().setPort(16701).setPortAutoIncrement(true);
        JoinConfig join = config.getNetworkConfig().getJoin();
        join.getAutoDetectionConfig().setEnabled(false);
        join.getMulticastConfig().setEnabled(false);
        join.getTcpIpConfig().setEnabled(true).setConnectionTimeoutSeconds(1).setMembers(List.of(others));
        HazelcastInstance member = Hazelcast.newHazelcastInstance(config);
        members.add(member);
        return member.getCluster().getLocalMember().getAddress().getHost() + ":" + member.getCluster().getLocalMember().getAddress().getPort();
    }

    private String probe(String... arguments) throws IOException, InterruptedException {
        List<String> command = new ArrayList<>(List.of(Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-cp", System.getProperty("java.class.path"), ClusterProbe.class.getName()));
        command.addAll(List.of(arguments));
        File out = File.createTempFile("probe", ".out");
        File error = File.createTempFile("probe", ".err");
        Process process = new ProcessBuilder(command).redirectOutput(out).redirectError(error).start();
        assertTrue(process.waitFor(40, TimeUnit.SECONDS), "the probe hangs");
        status = process.exitValue();
        err = Files.readString(error.toPath());
        String answer = Files.readString(out.toPath(), StandardCharsets.UTF_8);
        Files.delete(out.toPath());
        Files.delete(error.toPath());
        return answer;
    }

    @Test
    void aWholeClusterIsWhole() throws Exception {
        String a = member(NAME);
        String b = member(NAME, a);
        String answer = probe("--cluster-name", NAME, "--members", a + "," + b);
        assertEquals(0, status, err);
        assertEquals(1, answer.lines().count(), answer);
        assertTrue(answer.startsWith("{\"cluster_name\": \"probed \\\"cluster\\\"\", \"members\": [{\"address\": \"" + a
                + "\", \"connected\": true, \"error\": null, \"sees\": [{\"address\": "), answer);
        assertTrue(answer.contains("\"failed_pairs\": []"), answer);
        assertTrue(answer.contains("\"map_destroyed\": true"), answer);
        for (HazelcastInstance member : members) {
            String uuid = member.getCluster().getLocalMember().getUuid().toString();
            assertEquals(3, answer.split(uuid, -1).length, "each member sees both");
            assertTrue(member.getDistributedObjects().stream().noneMatch(thing -> thing.getName().startsWith("ecs-cluster-probe-")));
        }
        assertTrue(answer.contains("\"version\": \"5.3.1\", \"lite\": false"), answer);
    }

    @Test
    void twoClustersOfOneNameAreFound() throws Exception {
        String a = member(NAME);
        String b = member(NAME);
        String answer = probe("--cluster-name", NAME, "--members", a + "," + b);
        assertEquals(0, status, err);
        String pair = "{\"written_through\": \"%s\", \"read_through\": \"%s\", \"error\": \"the value is not there\"}";
        assertTrue(answer.contains("\"failed_pairs\": [" + String.format(pair, a, b) + ", " + String.format(pair, b, a) + "]"), answer);
        for (HazelcastInstance member : members) {
            assertTrue(member.getDistributedObjects().stream().noneMatch(thing -> thing.getName().startsWith("ecs-cluster-probe-")));
        }
    }

    @Test
    void membersThatCannotBeAskedAreDataNotFailures() throws Exception {
        String a = member(NAME);
        String other = member("another");
        try (ServerSocket deaf = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            String silent = "127.0.0.1:" + deaf.getLocalPort();
            long start = System.nanoTime();
            String answer = probe("--cluster-name", NAME, "--members", a + "," + other + "," + silent + ",127.0.0.1:1",
                    "--timeout-seconds", "8");
            assertEquals(0, status, err);
            assertTrue(TimeUnit.NANOSECONDS.toSeconds(System.nanoTime() - start) < 14, answer);
            assertTrue(answer.contains("{\"address\": \"127.0.0.1:1\", \"connected\": false, \"error\": \"cannot connect: Connection refused\""), answer);
            assertTrue(answer.contains("{\"address\": \"" + other + "\", \"connected\": false, \"error\": \"connections are accepted but "
                    + "not this client: is a member of cluster 'probed \\\"cluster\\\"' there, and up?\""), answer);
            assertTrue(answer.contains("{\"address\": \"" + silent + "\", \"connected\": false, \"error\": \""), answer);
            assertEquals(13, answer.split("written_through", -1).length, "all pairs but none of a with itself");
        }
    }

    @Test
    void wrongArgumentsAreSaid() throws Exception {
        String[][] wrong = {{}, {"--cluster-name", "x"}, {"--cluster-name", "x", "--members", "host"}, {"--members"}, {"--what", "x"},
            {"--cluster-name", "x", "--members", "h:0"}, {"--cluster-name", "x", "--members", "h:1,h:1"},
            {"--cluster-name", "x", "--members", "h:1", "--timeout-seconds", "0"}, {"--cluster-name", " ", "--members", "h:1"}};
        for (String[] arguments : wrong) {
            String sentence = "";
            try {
                Arguments.parse(arguments);
            } catch (IllegalArgumentException e) {
                sentence = e.getMessage();
            }
            assertFalse(sentence.isEmpty(), String.join(" ", arguments));
        }
        assertEquals("", probe("--cluster-name", "x"));
        assertEquals(2, status);
        assertEquals("ClusterProbe: --members is missing\n" + Arguments.USAGE + "\n", err);
    }
}

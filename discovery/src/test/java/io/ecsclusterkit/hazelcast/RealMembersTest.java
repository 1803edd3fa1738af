package io.ecsclusterkit.hazelcast;

import com.hazelcast.client.HazelcastClient;
import com.hazelcast.client.config.ClientConfig;
import com.hazelcast.cluster.Member;
import com.hazelcast.config.Config;
import com.hazelcast.config.DiscoveryStrategyConfig;
import com.hazelcast.config.JoinConfig;
import com.hazelcast.config.PartitionGroupConfig.MemberGroupType;
import com.hazelcast.core.Hazelcast;
import com.hazelcast.core.HazelcastInstance;

import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.stream.Collectors;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

/** Real Hazelcast members that find each other through the strategy. */
@Timeout(60)
class RealMembersTest {

    private final Rig rig = new Rig();
    private final int firstPort = freePorts();

    @AfterEach
    void close() {
        Hazelcast.shutdownAll();
        rig.close();
    }

    private static int freePorts() {
        for (int port = 15701; port < 25000; port += 10) {
            try (ServerSocket a = new ServerSocket(port, 1, InetAddress.getLoopbackAddress());
                    ServerSocket b = new ServerSocket(port + 1, 1, InetAddress.getLoopbackAddress());
                    ServerSocket c = new ServerSocket(port + 2, 1, InetAddress.getLoopbackAddress())) {
                return Math.min(a.getLocalPort(), Math.min(b.getLocalPort(), c.getLocalPort()));
            } catch (IOException e) {
                continue;
            }
        }
        throw new IllegalStateException("no free ports");
    }

    private Config config(int port) {
        Config config = new Config();
        config.setClusterName("real");
        config.setProperty("hazelcast.discovery.enabled", "true");
        config.setProperty("hazelcast.wait.seconds.before.join", "1");
        config.setProperty("hazelcast.phone.home.enabled", "false");
        config.setProperty("hazelcast.shutdownhook.enabled", "false");
        config.setProperty("hazelcast.local.localAddress", Rig.HERE);
        config.getJetConfig().setEnabled(false);
        config.getPartitionGroupConfig().setEnabled(true).setGroupType(MemberGroupType.ZONE_AWARE);
        config.getNetworkConfig().setPort(port).setPortAutoIncrement(false);
        JoinConfig join = config.getNetworkConfig().getJoin();
        join.getMulticastConfig().setEnabled(false);
        join.getTcpIpConfig().setEnabled(false).setConnectionTimeoutSeconds(1);
        join.getAutoDetectionConfig().setEnabled(false);
        join.getDiscoveryConfig().addDiscoveryStrategyConfig(strategy());
        return config;
    }

    private DiscoveryStrategyConfig strategy() {
        DiscoveryStrategyConfig strategy = new DiscoveryStrategyConfig(EcsDiscoveryStrategy.class.getName());
        rig.properties.forEach(strategy::addProperty);
        return strategy;
    }

    private static List<HazelcastInstance> start(List<Config> configs) {
        List<CompletableFuture<HazelcastInstance>> starting = new ArrayList<>();
        configs.forEach(config -> starting.add(CompletableFuture.supplyAsync(() -> Hazelcast.newHazelcastInstance(config))));
        return starting.stream().map(CompletableFuture::join).collect(Collectors.toList());
    }

    @Test
    void membersOnOneServerFormOneClusterAndAClientFindsIt() {
        rig.agency().set("port", firstPort + "-" + (firstPort + 2), "tag-key", "hazelcast").here().tag("hazelcast", "a");
        List<HazelcastInstance> members = start(List.of(config(firstPort), config(firstPort + 1), config(firstPort + 2)));
        for (HazelcastInstance member : members) {
            assertEquals(3, member.getCluster().getMembers().size());
            for (Member seen : member.getCluster().getMembers()) {
                assertEquals("lab-north-1/lab-north-1a", seen.getAttribute("hazelcast.partition.group.zone"));
            }
        }
        members.get(0).getMap("m").put("k", "v");
        ClientConfig client = new ClientConfig().setClusterName("real");
        client.getNetworkConfig().getDiscoveryConfig().addDiscoveryStrategyConfig(strategy());
        client.setProperty("hazelcast.discovery.enabled", "true");
        HazelcastInstance found = HazelcastClient.newHazelcastClient(client);
        assertEquals("v", found.getMap("m").get("k"));
        found.shutdown();
    }

    @Test
    void membersInThreeZonesFormOneClusterThoughMetadataIsDown() {
        rig.keys().metadata().set("port", firstPort + "-" + (firstPort + 2), "tag-key", "hazelcast", "tag-value", "a");
        rig.cloud.trouble = (seen, exchange) -> {
            if (seen.path.startsWith("/openstack/")) {
                FakeCloud.answer(exchange, 503, "");
                return true;
            }
            return false;
        };
        List<Config> configs = new ArrayList<>();
        for (int i = 0; i < 3; i++) {
            String address = "127.0.0." + (i + 1);
            rig.cloud.add(Rig.REGION, FakeServer.at(address).tag("hazelcast", "a").zone("lab-north-1" + "abc".charAt(i)));
            configs.add(config(firstPort + i).setProperty("hazelcast.local.localAddress", address));
        }
        for (HazelcastInstance member : start(configs)) {
            Set<String> zones = member.getCluster().getMembers().stream()
                    .map(seen -> seen.getAttribute("hazelcast.partition.group.zone")).collect(Collectors.toSet());
            assertEquals(Set.of("lab-north-1/lab-north-1a", "lab-north-1/lab-north-1b", "lab-north-1/lab-north-1c"), zones);
        }
    }

    @Test
    void aMemberWhoseApiIsDownDoesNotStart() {
        rig.keys().set("discovery-deadline-seconds", "1").here();
        rig.cloud.down();
        assertThrows(IllegalStateException.class, () -> Hazelcast.newHazelcastInstance(config(firstPort)));
    }

    @Test
    void anUnknownPropertyFailsTheStart() {
        rig.keys().set("acces-key", "x").here();
        RuntimeException e = assertThrows(RuntimeException.class, () -> Hazelcast.newHazelcastInstance(config(firstPort)));
        assertEquals("Unknown properties: '[acces-key]' on discovery strategy", e.getCause().getMessage());
    }

    @Test
    void aContradictionFailsTheStartWithItsSentence() {
        rig.keys().here();
        rig.properties.remove("secret-key");
        RuntimeException e = assertThrows(RuntimeException.class, () -> Hazelcast.newHazelcastInstance(config(firstPort)));
        assertEquals("access-key is given without secret-key (or secret-key-file).", e.getCause().getMessage());
    }
}
